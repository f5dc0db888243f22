using System.Text.Json;
using Delivery.Plugins;

namespace Acme.AccessLog;

/// <summary>A line of the log.</summary>
internal sealed record Line(DateTimeOffset Time, string Deployment, int Status, decimal Seconds);

/// <summary>The end of the log.</summary>
/// <param name="Lines">Its whole lines.</param>
/// <param name="BeginsAt">When its first one is from; the beginning of time when all of it was read.</param>
internal sealed record Tail(IReadOnlyList<Line> Lines, DateTimeOffset BeginsAt);

/// <summary>Reads the end of a log that somebody else writes.</summary>
internal sealed class LogTail(string file, long mostBytes)
{
    private static readonly JsonSerializerOptions Strict = new(JsonSerializerDefaults.Web) { RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true };

    public async Task<PluginResult<Tail>> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var log = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var skipped = Math.Max(0, log.Length - mostBytes);
            log.Seek(skipped, SeekOrigin.Begin);
            using var reader = new StreamReader(log);
            var text = await reader.ReadToEndAsync(cancellationToken);
            // The first line may be cut by the seek, the last one be half written.
            var texts = text.Split('\n').SkipLast(1).Skip(skipped > 0 ? 1 : 0);
            var lines = texts.Select(t => JsonSerializer.Deserialize<Line>(t, Strict)!).ToList();
            return new Tail(lines, skipped > 0 && lines is [var first, ..] ? first.Time : DateTimeOffset.MinValue);
        }
        catch (JsonException e)
        {
            return new PluginError(PluginErrorKind.Internal, $"a line of {file} makes no sense: {e.Message}");
        }
        catch (UnauthorizedAccessException e)
        {
            return new PluginError(PluginErrorKind.Unauthorized, e.Message);
        }
        catch (IOException e)
        {
            return new PluginError(PluginErrorKind.Unavailable, e.Message);
        }
    }
}
