using System.Text.Json;
using Delivery.Plugins.Routing;

namespace Delivery.Plugins;

/// <summary>Keeps what the routes were told, in one file that is replaced whole. Compiled into each router that holds its state itself.</summary>
internal sealed class StateFile(string path) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1, 1);

    public async Task<IReadOnlyDictionary<string, RouteIntent>> ReadAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
            return new Dictionary<string, RouteIntent>();
        await using var file = File.OpenRead(path);
        return await JsonSerializer.DeserializeAsync<Dictionary<string, RouteIntent>>(file, cancellationToken: cancellationToken) ?? [];
    }

    /// <summary>Writes what the routes were told after a call; what could not be written is said, and does not take the call back.</summary>
    /// <param name="result">What the call came to; one that failed told nothing.</param>
    /// <param name="told">What to write, asked when it is its turn.</param>
    /// <param name="done">What is done already, in words.</param>
    public async Task<PluginResult<RouteState>> KeepAsync(PluginResult<RouteState> result, Func<Dictionary<string, RouteIntent>> told, string done)
    {
        if (result is not PluginResult<RouteState>.Ok ok)
            return result;
        try
        {
            await WriteAsync(told);
            return result;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new PluginResult<RouteState>.Failed(new PluginError(PluginErrorKind.PartiallyApplied, $"{done}; the state file could not be written: {e.Message}"), ok.Value);
        }
    }

    /// <summary>Writes what <paramref name="told"/> gives when it is this writer's turn, so that the last one writes the last state.</summary>
    private async Task WriteAsync(Func<Dictionary<string, RouteIntent>> told)
    {
        await _one.WaitAsync();
        try
        {
            var beside = path + ".new";
            await using (var file = File.Create(beside))
            {
                await JsonSerializer.SerializeAsync(file, told());
                file.Flush(flushToDisk: true);
            }

            File.Move(beside, path, overwrite: true);
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();
}
