using Bunit;
using Delivery.Console.Parts;
using Delivery.Contracts.Metrics;

namespace Delivery.Console.Tests.Parts;

public sealed class MetricPartsTests : BunitContext
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void each_variant_is_a_line_with_its_band_its_latest_value_and_gaps_where_nothing_is_known()
    {
        var chart = Chart(Line("off", 0.1, 0.12, 0.11, 0.1), Line("on", 0.2, null, 0.25, 0.3));

        chart.FindAll("svg.chart g.line-0 polyline").Count.ShouldBe(1);
        chart.FindAll("svg.chart g.line-1 polyline").Count.ShouldBe(2, "a gap in the data is a gap in the line");
        chart.FindAll("svg.chart g.line-1 polygon").Count.ShouldBe(2);
        chart.FindAll("svg.chart circle").Count.ShouldBe(7);
        var rows = chart.FindAll("table.legend tbody tr");
        rows.Select(row => row.QuerySelectorAll("td")[0].TextContent.Trim()).ShouldBe(["off", "on"]);
        rows[1].QuerySelectorAll("td")[1].TextContent.ShouldBe("30 %");
        rows[1].QuerySelectorAll("td")[2].TextContent.ShouldBe("28 % to 32 %");
        chart.Markup.ShouldNotContain("NaN");
    }

    [Fact]
    public void nothing_measured_is_said_with_the_way_to_change_it()
    {
        Chart().Find("p.empty").TextContent.ShouldContain("/v1/traces");
        Chart(Line("on", null, null)).Find("p.empty").TextContent.ShouldContain("Nothing was measured");
        var few = new SeriesLine("on", null, [new SeriesBucket(Noon, true, 9, 12, null, null, null, NoNumber.TooFewUnits)]);
        Chart(few).Find("p.empty").TextContent.ShouldBe("12 events, and no bucket of time with a value: too few units yet. A longer time has more in each.");
    }

    [Fact]
    public void a_constant_zero_and_negative_values_are_drawn()
    {
        Chart(Line("on", 0, 0, 0)).FindAll("svg.chart line.grid").ShouldNotBeEmpty();
        var below = Chart(Line("on", -5, -3));
        below.FindAll("svg.chart text").Select(t => t.TextContent).ShouldContain(t => t.StartsWith('-'));
        below.Markup.ShouldNotContain("NaN");
    }

    [Fact]
    public void many_lines_are_cut_and_counted() =>
        Chart([.. Enumerable.Range(0, 9).Select(n => Line($"v{n}", n + 1))]).FindAll("p.rule").ShouldHaveSingleItem().TextContent.ShouldContain("3 more are not shown");

    [Fact]
    public void a_definition_is_read_as_a_sentence()
    {
        var definition = new MetricDefinition(
            "Revenue", "d", MetricKind.Mean, new MeasuredEvents("purchase", MeasureOf.Value, [new PropertyCondition("country", PropertyComparison.OneOf, ["DE", "AT"])]), WindowSeconds: 604_800, Cap: 500);

        MetricSentences.Measures(definition).ShouldBe("The value of 'purchase' events where country is one of DE, AT per unit, within 7 days of the exposure, at most 500 of a unit; higher is better.");
        MetricSentences.Measures(new MetricDefinition("p95", "d", MetricKind.Quantile, new MeasuredEvents(null, MeasureOf.Duration), Quantile: 0.95, Direction: MetricDirection.LowerIsBetter))
            .ShouldBe("The 95th percentile of the duration of requests; lower is better.");
        MetricSentences.Segment("property:country", hasFlag: false).Segment.ShouldBe(new SeriesSegment(SeriesSegmentKind.Property, "country"));
        MetricSentences.Segment("attribute:plan", hasFlag: false).Fault.ShouldNotBeNull();
        MetricSentences.Segment(" ", hasFlag: false).ShouldBe((null, null));
    }

    private IRenderedComponent<SeriesChart> Chart(params IReadOnlyList<SeriesLine> lines) => Render<SeriesChart>(parameters => parameters
        .Add(chart => chart.Series, new MetricSeriesAnswer.Series("m", "production", "f", Noon, Noon.AddHours(4), 3_600, lines, 0, Noon.AddHours(4), 1, 1))
        .Add(chart => chart.Percent, lines.All(line => line.Variant is "on" or "off") && lines.SelectMany(l => l.Buckets).All(b => b.Value is null or (>= 0 and <= 1))));

    private static SeriesLine Line(string variant, params IReadOnlyList<double?> values) => new(variant, null,
        [.. values.Select((value, i) => new SeriesBucket(Noon.AddHours(i), true, 100, value is null ? 0 : 50, value, value - 0.02, value + 0.02, value is null ? NoNumber.NoData : null))]);
}
