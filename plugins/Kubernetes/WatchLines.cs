using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Delivery.Plugins.Kubernetes;

/// <summary>A watch's answer: a line of JSON for each change, for as long as it lasts.</summary>
internal static class WatchLines
{
    private static readonly StreamPipeReaderOptions Reading = new(bufferSize: 64 * 1024);

    /// <summary>The objects as they change; ends with the stream, or with what is no change (the server's word that the version is too old).</summary>
    /// <param name="stream">The answer's body.</param>
    /// <param name="mostBytes">Longer than this is no object of Kubernetes: <see cref="JsonException"/>, so that no server fills the memory.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async IAsyncEnumerable<JsonObject> ReadAsync(Stream stream, int mostBytes, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reader = PipeReader.Create(stream, Reading);
        while (true)
        {
            var result = await reader.ReadAsync(cancellationToken);
            var rest = result.Buffer;
            while (rest.PositionOf((byte)'\n') is { } end)
            {
                if (Changed(rest.Slice(0, end)) is not { } changed)
                    yield break;
                yield return changed;
                rest = rest.Slice(rest.GetPosition(1, end));
            }

            if (rest.Length > mostBytes)
                throw new JsonException($"a line of a watch is longer than {mostBytes} bytes");
            if (result.IsCompleted)
                yield break;
            reader.AdvanceTo(rest.Start, rest.End);
        }
    }

    private static JsonObject? Changed(ReadOnlySequence<byte> line)
    {
        if (line.IsEmpty)
            return null;
        var json = new Utf8JsonReader(line);
        return JsonNode.Parse(ref json) is JsonObject change && (string?)change["type"] is "ADDED" or "MODIFIED" ? change["object"] as JsonObject : null;
    }
}
