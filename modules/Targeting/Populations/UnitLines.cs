using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Delivery.Contracts.Http;
using Delivery.Evaluation;

namespace Delivery.Targeting.Populations;

/// <summary>
/// Reads units from an upload line by line, so that it may be of any length. NDJSON: a string, or an object with <c>unit</c>.
/// CSV: the first column; a first line <c>unit</c> is a head. Empty lines are passed over.
/// </summary>
internal static class UnitLines
{
    public const string NdJson = "application/x-ndjson";
    public const string Csv = "text/csv";

    private const int LongestLine = 64 * 1024;
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="InvalidRequest">A line is no unit; it is named by its number.</exception>
    public static async IAsyncEnumerable<string> ReadAsync(PipeReader input, bool isCsv, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var number = 0;
        while (true)
        {
            var read = await input.ReadAsync(cancellationToken);
            var rest = read.Buffer;
            var units = new List<string>();
            while (Cut(ref rest, read.IsCompleted) is { } line)
            {
                number++;
                if (Unit(line, isCsv, number) is { } unit)
                    units.Add(unit);
            }

            if (rest.Length > LongestLine)
                throw Wrong(number + 1);
            input.AdvanceTo(rest.Start, rest.End);
            foreach (var unit in units)
                yield return unit;
            if (read.IsCompleted)
                yield break;
        }
    }

    private static ReadOnlySequence<byte>? Cut(ref ReadOnlySequence<byte> buffer, bool isLast)
    {
        if (buffer.PositionOf((byte)'\n') is { } end)
        {
            var line = buffer.Slice(0, end);
            buffer = buffer.Slice(buffer.GetPosition(1, end));
            return line;
        }

        if (!isLast || buffer.IsEmpty)
            return null;
        var last = buffer;
        buffer = buffer.Slice(buffer.End);
        return last;
    }

    private static string? Unit(ReadOnlySequence<byte> line, bool isCsv, int number)
    {
        try
        {
            var text = Strict.GetString(line).TrimEnd('\r');
            if (string.IsNullOrWhiteSpace(text))
                return null;
            var unit = isCsv ? FirstCell(text) : FromJson(text);
            if (isCsv && number == 1 && unit == "unit")
                return null;
            return unit is { Length: >= 1 and <= Limits.UnitLength } && !unit.Any(char.IsControl) ? unit : throw Wrong(number);
        }
        catch (Exception e) when (e is DecoderFallbackException or JsonException or InvalidOperationException)
        {
            throw Wrong(number);
        }
    }

    private static string? FromJson(string text)
    {
        using var json = JsonDocument.Parse(text);
        return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("unit", out var unit)
            ? unit.GetString()
            : json.RootElement.GetString();
    }

    /// <summary>RFC 4180: a quote in a quoted cell is doubled.</summary>
    private static string? FirstCell(string line)
    {
        if (line[0] != '"')
            return line.IndexOf(',', StringComparison.Ordinal) is >= 0 and var comma ? line[..comma] : line;
        var cell = new StringBuilder();
        for (var at = 1; at < line.Length; at++)
        {
            if (line[at] != '"')
                cell.Append(line[at]);
            else if (at + 1 < line.Length && line[at + 1] == '"')
                cell.Append(line[at++]);
            else
                return cell.ToString();
        }

        return null;
    }

    private static InvalidRequest Wrong(int number) =>
        new($"line[{number}]", $"a unit's id of 1 to {Limits.UnitLength} characters: as NDJSON \"id\" or {{ \"unit\": \"id\" }}, as CSV the first column");
}
