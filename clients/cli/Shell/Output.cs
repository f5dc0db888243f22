using System.Text.Json;

namespace Delivery.Cli;

/// <summary>A column of a table.</summary>
/// <param name="Header">Its head.</param>
/// <param name="Value">Its text for an item.</param>
internal sealed record Column(string Header, Func<JsonElement, string> Value)
{
    /// <summary>A column that shows a member.</summary>
    /// <param name="header">Its head.</param>
    /// <param name="path">The member, with dots for members of members: <c>abort.reason</c>.</param>
    public static Column Of(string header, string path) => new(header, item => item.Text(path));
}

/// <summary>Writes answers as a table, as JSON, or as keys only.</summary>
internal sealed class Output(TextWriter writer, OutputForm form)
{
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public OutputForm Form => form;

    public TextWriter Writer => writer;

    /// <summary>A list.</summary>
    /// <param name="items">The items.</param>
    /// <param name="empty">What a person reads where there are none.</param>
    /// <param name="columns">The first is the item's key: the only one shown when quiet.</param>
    public void List(IReadOnlyList<JsonElement> items, string empty, params IReadOnlyList<Column> columns)
    {
        switch (form)
        {
            case OutputForm.Json:
                writer.WriteLine(JsonSerializer.Serialize(items, Indented));
                break;
            case OutputForm.Quiet:
                foreach (var item in items)
                    writer.WriteLine(columns[0].Value(item));
                break;
            case OutputForm.Table when items.Count == 0:
                writer.WriteLine(empty);
                break;
            default:
                Table(items, columns);
                break;
        }
    }

    /// <summary>One thing: a line a member, or JSON.</summary>
    /// <param name="item">The thing.</param>
    /// <param name="lines">What to show of it; the first is its key.</param>
    public void One(JsonElement item, params IReadOnlyList<Column> lines)
    {
        switch (form)
        {
            case OutputForm.Json:
                writer.WriteLine(JsonSerializer.Serialize(item, Indented));
                break;
            case OutputForm.Quiet:
                writer.WriteLine(lines[0].Value(item));
                break;
            default:
                var shown = lines.Select(line => (line.Header, Text: line.Value(item))).Where(line => line.Text.Length > 0).ToList();
                var width = shown.Max(line => line.Header.Length) + 2;
                foreach (var (header, text) in shown)
                    writer.WriteLine($"{(header + ":").PadRight(width)}{text.ReplaceLineEndings("\n" + new string(' ', width))}");
                break;
        }
    }

    /// <summary>That a change was made: a sentence for a person, the server's answer for a program, nothing when quiet.</summary>
    public void Done(string sentence, JsonElement answer)
    {
        if (form == OutputForm.Table)
            writer.WriteLine(sentence);
        else if (form == OutputForm.Json && answer.ValueKind != JsonValueKind.Undefined)
            writer.WriteLine(JsonSerializer.Serialize(answer, Indented));
    }

    /// <summary>A sentence for a person only.</summary>
    public void Say(string sentence)
    {
        if (form == OutputForm.Table)
            writer.WriteLine(sentence);
    }

    private void Table(IReadOnlyList<JsonElement> items, IReadOnlyList<Column> columns)
    {
        var rows = items.Select(item => columns.Select(column => column.Value(item).ReplaceLineEndings(" ")).ToList()).ToList();
        var widths = columns.Select((column, i) => rows.Select(row => row[i].Length).Append(column.Header.Length).Max()).ToList();
        Row(columns.Select(column => column.Header).ToList(), widths);
        foreach (var row in rows)
            Row(row, widths);
    }

    private void Row(List<string> cells, List<int> widths) =>
        writer.WriteLine(string.Join("  ", cells.Select((cell, i) => i == cells.Count - 1 ? cell : cell.PadRight(widths[i]))).TrimEnd());
}

/// <summary>Reads members of an answer that may lack them.</summary>
internal static class Answers
{
    /// <summary>A member; undefined when it is not there.</summary>
    public static JsonElement At(this JsonElement item, string path)
    {
        foreach (var name in path.Split('.'))
        {
            if (item.ValueKind != JsonValueKind.Object || !item.TryGetProperty(name, out item))
                return default;
        }

        return item;
    }

    /// <summary>A member as a person reads it; empty when it is not there.</summary>
    public static string Text(this JsonElement item, string path) => item.At(path) is var found ? Text(found) : "";

    /// <summary>A value as a person reads it.</summary>
    public static string Text(this JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Undefined or JsonValueKind.Null => "",
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.True => "yes",
        JsonValueKind.False => "no",
        JsonValueKind.Array when value.EnumerateArray().All(item => item.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array)) =>
            string.Join(", ", value.EnumerateArray().Select(Text)),
        _ => value.GetRawText(),
    };

    /// <summary>A time without its fraction of a second.</summary>
    public static string Time(this JsonElement item, string path) =>
        item.At(path) is { ValueKind: JsonValueKind.String } found && found.TryGetDateTimeOffset(out var time) ? $"{time.ToUniversalTime():yyyy-MM-dd HH:mm:ss}Z" : item.Text(path);

    public static IEnumerable<JsonElement> Items(this JsonElement item, string path) =>
        item.At(path) is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray() : [];

    public static IEnumerable<JsonProperty> Members(this JsonElement item, string path) =>
        item.At(path) is { ValueKind: JsonValueKind.Object } found ? found.EnumerateObject() : [];
}
