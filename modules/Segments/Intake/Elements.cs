using System.Text.Json;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Http;

namespace Delivery.Segments.Intake;

/// <summary>Goes through the elements of a body: a JSON array, or one object a line. A malformed element does not take the others with it.</summary>
public static class Elements
{
    /// <summary>With more malformed elements than this the sender is broken: nothing of the body is taken.</summary>
    private const int MostRejected = 1_000;

    private static readonly FieldError NotAnObject = new("$", "a JSON object");

    /// <summary>Reads all elements of a JSON array.</summary>
    /// <exception cref="InvalidRequest">The array itself is broken: where the next element starts can't be known, so nothing is taken.</exception>
    public static List<RejectedElement> ReadArray(ReadOnlySpan<byte> body, IElementReader elements, RowBatch rows)
    {
        var rejected = new List<RejectedElement>();
        var index = 0;
        try
        {
            var reader = new Utf8JsonReader(body);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
                throw new InvalidRequest("$", "a JSON array of objects, or one object a line with the content type application/x-ndjson");
            for (; reader.Read() && reader.TokenType != JsonTokenType.EndArray; index++)
            {
                var start = reader;
                if (Take(ref reader, body, elements, rows) is not { } fault)
                {
                    rows.End();
                    continue;
                }

                Reject(rejected, index, fault);
                reader = start;
                reader.Skip();
            }

            reader.Read();
        }
        catch (JsonException e)
        {
            throw new InvalidRequest($"[{index}]", $"valid JSON ({e.Message})");
        }

        return rejected;
    }

    /// <summary>Reads one object a line; empty lines are passed over and not counted.</summary>
    public static List<RejectedElement> ReadLines(ReadOnlySpan<byte> body, IElementReader elements, RowBatch rows)
    {
        var rejected = new List<RejectedElement>();
        var index = 0;
        foreach (var range in body.Split((byte)'\n'))
        {
            var line = body[range].Trim(" \t\r"u8);
            if (line.IsEmpty)
                continue;
            if (TakeLine(line, elements, rows) is { } fault)
                Reject(rejected, index, fault);
            else
                rows.End();
            index++;
        }

        return rejected;
    }

    private static void Reject(List<RejectedElement> rejected, int index, FieldError fault)
    {
        rejected.Add(new RejectedElement(index, fault.Field, fault.Message));
        if (rejected.Count > MostRejected)
            throw new InvalidRequest($"[{index}].{fault.Field}", $"{fault.Message} (more than {MostRejected} elements are malformed, so none is taken)");
    }

    private static FieldError? TakeLine(ReadOnlySpan<byte> line, IElementReader elements, RowBatch rows)
    {
        try
        {
            var reader = new Utf8JsonReader(line);
            reader.Read();
            var fault = Take(ref reader, line, elements, rows);
            if (fault is null)
                reader.Read(); // Whatever follows the object is not JSON, and says so.
            return fault;
        }
        catch (JsonException e)
        {
            return new FieldError("$", $"valid JSON ({e.Message})");
        }
    }

    private static FieldError? Take(ref Utf8JsonReader reader, ReadOnlySpan<byte> body, IElementReader elements, RowBatch rows)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            return NotAnObject;
        rows.Begin();
        return elements.Read(ref reader, body, rows);
    }
}
