using System.Security.Cryptography;
using System.Text.Json;
using Delivery.Plugins;
using Delivery.Plugins.Routing;

namespace MyPlugin;

/// <summary>
/// The backend's calls: this is the file to rewrite. The example keeps a JSON file for each route, which another process may
/// follow. Every failure is a value, with the kind that says what is known.
/// </summary>
internal sealed class Backend(Options options)
{
    private readonly Lock _lastStep = new();
    private readonly Dictionary<string, long> _fences = [];
    private long _writes;

    /// <summary>What is there, and its version: an ETag, a resourceVersion, or a digest of the content.</summary>
    public async Task<PluginResult<Stored>> ReadAsync(string route, CancellationToken cancellationToken)
    {
        try
        {
            var content = File.Exists(FileOf(route)) ? await File.ReadAllBytesAsync(FileOf(route), cancellationToken) : [];
            var intent = content.Length == 0 ? null : JsonSerializer.Deserialize<RouteIntent>(content);
            return new Stored(intent, Digest(content));
        }
        catch (JsonException e)
        {
            return new PluginError(PluginErrorKind.Internal, $"{route}: what is there makes no sense: {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new PluginError(e is IOException ? PluginErrorKind.Unavailable : PluginErrorKind.Unauthorized, $"{route}: {e.Message}");
        }
    }

    /// <summary>From now on, what is of an earlier generation is refused, wherever it is on its way.</summary>
    public void Fence(string route, long generation)
    {
        lock (_lastStep)
            _fences[route] = Math.Max(generation, _fences.GetValueOrDefault(route));
    }

    /// <summary>
    /// Writes the whole state. Whether it still may is decided in the last step, which is one for all: a backend with conditional writes
    /// (If-Match, resourceVersion) does that by itself. Once the first byte is out, a failure is OutcomeUnknown and a cancellation is too.
    /// </summary>
    /// <param name="intent">What to write.</param>
    /// <param name="seenRevision">The version that it was made for; null writes over any.</param>
    /// <param name="cancellationToken">Ends it before it has begun.</param>
    public async Task<PluginResult<Stored>> WriteAsync(RouteIntent intent, string? seenRevision, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var (file, content) = (FileOf(intent.Route), JsonSerializer.SerializeToUtf8Bytes(intent));
        var beside = $"{file}.{Interlocked.Increment(ref _writes)}.new";
        try
        {
            Directory.CreateDirectory(options.Folder);
            await File.WriteAllBytesAsync(beside, content, CancellationToken.None);
            lock (_lastStep)
            {
                var refusal = intent.Generation < _fences.GetValueOrDefault(intent.Route) ? "a later intent was here"
                    : seenRevision is not null && seenRevision != Digest(File.Exists(file) ? File.ReadAllBytes(file) : []) ? "it was changed meanwhile"
                    : null;
                if (refusal is not null)
                {
                    File.Delete(beside);
                    return new PluginError(PluginErrorKind.Conflict, $"{intent.Route}: {refusal}");
                }

                _fences[intent.Route] = intent.Generation;
                File.Move(beside, file, overwrite: true);
            }

            return new Stored(intent, Digest(content));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new PluginError(PluginErrorKind.OutcomeUnknown, $"{intent.Route}: {e.Message}");
        }
    }

    private static string Digest(byte[] content) => Convert.ToHexString(SHA256.HashData(content));

    private string FileOf(string route) => Path.Combine(options.Folder, Uri.EscapeDataString(route) + ".json");
}

/// <summary>What the backend has for a route.</summary>
internal sealed record Stored(RouteIntent? Intent, string Revision);
