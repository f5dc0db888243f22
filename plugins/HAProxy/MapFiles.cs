using System.Collections.Concurrent;
using System.Text;

namespace Delivery.Plugins.HAProxy;

/// <summary>Writes maps where HAProxy reads them when it starts, each replaced whole.</summary>
internal sealed class MapFiles
{
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _writers = new();

    /// <summary>Writes unless it is written so.</summary>
    /// <returns>Why it could not; null when it is there.</returns>
    public async Task<string?> WriteAsync(string path, string text, CancellationToken cancellationToken)
    {
        var one = _writers.GetOrAdd(path, _ => new SemaphoreSlim(1, 1));
        await one.WaitAsync(cancellationToken);
        try
        {
            if (File.Exists(path) && await File.ReadAllTextAsync(path, cancellationToken) == text)
                return null;
            var beside = path + ".new";
            await using (var file = File.Create(beside))
            {
                await file.WriteAsync(Encoding.ASCII.GetBytes(text), cancellationToken);
                // On the disk before it has the name: a machine that goes down in between has the old file or the new one, never half of one.
                file.Flush(flushToDisk: true);
            }

            File.Move(beside, path, overwrite: true);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
        finally
        {
            one.Release();
        }
    }
}
