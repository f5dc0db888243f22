using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace Delivery.Cli.Metrics;

/// <summary><c>metrics</c>: the catalogue, a metric over time, and how a flag's variants compare.</summary>
internal static class MetricCommands
{
    private static readonly IReadOnlyList<Column> Columns =
    [
        Column.Of("KEY", "key"), Column.Of("NAME", "definition.name"), Column.Of("KIND", "definition.kind"), Column.Of("DIRECTION", "definition.direction"),
        Column.Of("TIER", "definition.tier"), Column.Of("OWNER", "definition.owner"), Column.Of("BUILT IN", "system"),
    ];

    public static Command Create(Terminal terminal) => new("metrics", "Metrics: what is measured, over time, and how variants compare.")
    {
        List(terminal), Get(terminal), Series(terminal), Scorecard(terminal),
    };

    private static Argument<string> KeyOf()
    {
        var key = new Argument<string>("key") { Description = "The metric's key." };
        key.CompletionSources.Add(context => KnownKeys.Of("metrics", context));
        return key;
    }

    private static Command List(Terminal terminal)
    {
        Option<bool> archived = new("--archived") { Description = "Retired ones too." };
        return new Command("list", "Lists the catalogue, built-in metrics included.") { archived }.Does(terminal, async (session, stop) =>
            session.Show.List(await session.Api.ListAsync(Address.Of("metrics").With(("archived", session.Said.GetValue(archived) ? (object)true : null)), 1_000, stop), "No metrics.", Columns));
    }

    private static Command Get(Terminal terminal)
    {
        var key = KeyOf();
        Option<int?> version = new("--at-version") { Description = "As it was at this version." };
        return new Command("get", "Shows a metric: what it measures, and who answers for it.") { key, version }.Does(terminal, async (session, stop) =>
            session.Show.One(
                await session.Api.GetAsync(Address.Of("metrics", session.Said.GetValue(key)!).With(("version", session.Said.GetValue(version))), stop),
                Column.Of("key", "key"), Column.Of("name", "definition.name"), Column.Of("description", "definition.description"), Column.Of("kind", "definition.kind"),
                new("measures", m => Measured(m.At("definition.measure"))), new("per", m => Measured(m.At("definition.per"))), Column.Of("quantile", "definition.quantile"),
                Column.Of("window (s)", "definition.windowSeconds"), Column.Of("cap", "definition.cap"), Column.Of("direction", "definition.direction"),
                Column.Of("tier", "definition.tier"), Column.Of("owner", "definition.owner"), Column.Of("built in", "system"), Column.Of("archived", "archived"), Column.Of("version", "version")));
    }

    private static Command Series(Terminal terminal)
    {
        var key = KeyOf();
        var environment = GlobalOptions.Environment();
        Option<string?> flag = new("--flag") { Description = "Of the units that met this flag, per variant." };
        Option<string?> from = new("--from") { Description = "ISO 8601; a day before --to." };
        Option<string?> to = new("--to") { Description = "ISO 8601; now." };
        Option<string?> step = new("--step") { Description = "A bucket's length: 30s, 15m, 1h, 1d." };
        Option<string?> segment = new("--segment") { Description = "property:NAME of the events, or attribute:NAME of the exposures." };
        Option<bool> together = new("--together") { Description = "All variants as one line." };
        return new Command("series", "Shows a metric over time.") { key, environment, flag, from, to, step, segment, together }.Does(terminal, async (session, stop) =>
        {
            var said = session.Said;
            var series = await session.Api.GetAsync(Address.Of("metrics", said.GetValue(key)!, "series").With(
                ("environment", said.GetValue(environment)), ("flag", said.GetValue(flag)), ("from", said.GetValue(from)), ("to", said.GetValue(to)), ("step", said.GetValue(step)),
                ("segment", said.GetValue(segment)), ("by", said.GetValue(together) ? "none" : null)), stop);
            if (session.Show.Form == OutputForm.Json)
                session.Show.One(series);
            else
                session.Show.List(
                    [.. Rows(series)], "Nothing was measured in this time.",
                    new("AT", row => row.Time("at")), Column.Of("VARIANT", "variant"), Column.Of("SEGMENT", "segment"), Column.Of("UNITS", "units"), Column.Of("EVENTS", "events"),
                    new("VALUE", row => Value(row, "value")), new("95 %", Interval));
        });
    }

    private static Command Scorecard(Terminal terminal)
    {
        Argument<string> flag = new("flag") { Description = "The flag's key." };
        flag.CompletionSources.Add(context => KnownKeys.Of("flags", context));
        var environment = GlobalOptions.Environment();
        Option<string?> baseline = new("--baseline") { Description = "The variant that others are compared with; the off variant." };
        Option<string[]> metric = new("--metric") { Description = "These metrics; the built-in ones.", AllowMultipleArgumentsPerToken = true };
        return new Command("scorecard", "Compares a flag's variants: differences that hold however often one looks.") { flag, environment, baseline, metric }.Does(terminal, async (session, stop) =>
        {
            var said = session.Said;
            var address = Address.Of("metrics", "scorecard").With([
                ("environment", said.GetValue(environment)), ("flag", said.GetValue(flag)), ("baseline", said.GetValue(baseline)), .. (said.GetValue(metric) ?? []).Select(m => ("metric", (object?)m))]);
            var card = await session.Api.GetAsync(address, stop);
            if (session.Show.Form == OutputForm.Json)
                session.Show.One(card);
            else
                session.Show.List(
                    [.. Comparisons(card)], "Nobody met this flag, or only one variant was served.",
                    Column.Of("METRIC", "metric"), Column.Of("VARIANT", "variant"), new("VALUE", row => Value(row, "value")), new("BASELINE", row => Value(row, "baseline")),
                    new("DIFFERENCE", row => Value(row, "diff")), new("95 %, ANY LOOK", Interval), Column.Of("READING", "reading"));
        });
    }

    private static IEnumerable<JsonElement> Rows(JsonElement series) =>
        from line in series.Items("lines")
        from bucket in line.Items("buckets")
        where bucket.At("events").GetInt64() > 0
        select JsonSerializer.SerializeToElement(new
        {
            at = bucket.At("at"),
            variant = line.Text("variant"),
            segment = line.Text("segment"),
            units = bucket.At("units"),
            events = bucket.At("events"),
            value = bucket.At("value"),
            low = bucket.At("low"),
            high = bucket.At("high"),
            err = bucket.At("err"),
        });

    private static IEnumerable<JsonElement> Comparisons(JsonElement card) =>
        from metric in card.Items("metrics")
        from comparison in metric.Items("comparisons")
        let arm = metric.Items("arms").First(a => a.Text("variant") == comparison.Text("variant"))
        let baseline = metric.Items("arms").FirstOrDefault(a => a.Text("variant") == card.Text("baseline"))
        select JsonSerializer.SerializeToElement(new
        {
            metric = metric.Text("metric"),
            variant = comparison.Text("variant"),
            value = Or(arm, "value"),
            baseline = Or(baseline, "value"),
            diff = Or(comparison, "absolute.diff"),
            low = Or(comparison, "absolute.low"),
            high = Or(comparison, "absolute.high"),
            err = comparison.Text("absolute.err"),
            reading = comparison.Text("reading"),
        });

    private static double? Or(JsonElement item, string path) => item.At(path) is { ValueKind: JsonValueKind.Number } number ? number.GetDouble() : null;

    private static string Value(JsonElement row, string member) =>
        row.At(member) is { ValueKind: JsonValueKind.Number } number ? number.GetDouble().ToString("0.######", CultureInfo.InvariantCulture) : member == "baseline" ? "" : row.Text("err");

    private static string Interval(JsonElement row) => row.At("low").ValueKind == JsonValueKind.Number ? $"{Value(row, "low")} to {Value(row, "high")}" : "";

    private static string Measured(JsonElement events) => events.ValueKind != JsonValueKind.Object ? ""
        : $"{events.Text("of")} of {(events.Text("event") is { Length: > 0 } name ? $"'{name}'" : "requests")}{string.Concat(events.Items("where").Select(c => $", {c.Text("property")} {c.Text("is")} {c.Text("values")}"))}";
}
