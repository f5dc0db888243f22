using System.Text.Json;

namespace Delivery.Cli.Auditing;

/// <summary>Events as a person reads them.</summary>
internal static class EventText
{
    public static IReadOnlyList<Column> OfOneThing { get; } =
    [
        Column.Of("SEQUENCE", "sequence"), new("TIME", e => e.Time("time")), Column.Of("VERSION", "version"), Column.Of("WHAT", "type"), Column.Of("WHO", "actor"), Column.Of("WHY", "comment"),
    ];

    /// <summary>One event in a line.</summary>
    public static string Line(JsonElement e) =>
        $"{e.Text("sequence"),8}  {e.Time("time")}  {e.Text("type"),-24} {e.Text("kind")}/{e.Text("key")}  by {e.Text("actor")}{(e.Text("comment") is { Length: > 0 } why ? $": {why}" : "")}";
}
