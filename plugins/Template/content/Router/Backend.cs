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
    /// <summary>What is there, and its version: an ETag, a resourceVersion, or a digest of the content.</summary>
    public async Task<PluginResult<Stored>> ReadAsync(string route, CancellationToken cancellationToken)
    {
        try
        {
            var content = File.Exists(FileOf(route)) ? await File.ReadAllBytesAsync(FileOf(route), cancellationToken) : [];
            var intent = content.Length == 0 ? null : JsonSerializer.Deserialize<RouteIntent>(content);
            return new Stored(intent, Convert.ToHexString(SHA256.HashData(content)));
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

    /// <summary>Writes the whole state. Once the first byte is out, a failure is OutcomeUnknown and a cancellation is too.</summary>
    public async Task<PluginError?> WriteAsync(RouteIntent intent, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            Directory.CreateDirectory(options.Folder);
            var file = FileOf(intent.Route);
            await File.WriteAllBytesAsync(file + ".new", JsonSerializer.SerializeToUtf8Bytes(intent), CancellationToken.None);
            File.Move(file + ".new", file, overwrite: true);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new PluginError(PluginErrorKind.OutcomeUnknown, $"{intent.Route}: {e.Message}");
        }
    }

    private string FileOf(string route) => Path.Combine(options.Folder, Uri.EscapeDataString(route) + ".json");
}

/// <summary>What the backend has for a route.</summary>
internal sealed record Stored(RouteIntent? Intent, string Revision);
