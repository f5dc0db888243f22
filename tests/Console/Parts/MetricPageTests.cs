using Bunit;
using Delivery.Console.Pages;
using Delivery.Console.Shell;
using Delivery.Contracts.Metrics;
using Mediator;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Delivery.Console.Tests.Parts;

public sealed class MetricPageTests : BunitContext
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);
    private readonly AnsweringSender _sender = new();
    private readonly FakeTimeProvider _time = new(Noon);

    public MetricPageTests()
    {
        Services.AddSingleton<ISender>(_sender);
        Services.AddSingleton<TimeProvider>(_time);
        Services.AddScoped<Platform>();
        AddAuthorization().SetAuthorized("olga");
        var metric = new MetricView("errors", new MetricDefinition("Errors", "How many fail.", MetricKind.Conversion, new MeasuredEvents(null, MeasureOf.Failures)), 0, true, false, null, null);
        _sender.Answers[typeof(MetricView)] = metric;
        _sender.Answers[typeof(IReadOnlyList<MetricView>)] = new[] { metric };
        _sender.Answers[typeof(MetricSeriesAnswer)] = new MetricSeriesAnswer.Series(
            "errors", "staging", "checkout", Noon.AddHours(-1), Noon, 75, [new SeriesLine("on", null, [new SeriesBucket(Noon.AddHours(-1), true, 10, 5, 0.5, 0.2, 0.8, null)])], 0, Noon, 1, 1);
    }

    [Fact]
    public void the_page_asks_what_its_address_says_and_shows_it()
    {
        var page = Page("/explorer/errors?environment=staging&flag=checkout&span=hour&segment=attribute:plan");

        var asked = _sender.Sent.OfType<GetMetricSeries>().ShouldHaveSingleItem();
        (asked.Environment, asked.Flag, asked.To - asked.From, asked.Segment).ShouldBe(("staging", "checkout", TimeSpan.FromHours(1), new SeriesSegment(SeriesSegmentKind.Attribute, "plan")));
        page.Find("p.lead").TextContent.ShouldBe("How many fail.");
        page.Find("h2").TextContent.ShouldBe("Units that met checkout, by variant, in staging, last hour");
        page.FindAll("svg.chart circle").Count.ShouldBe(1);
    }

    [Fact]
    public void a_segment_that_makes_no_sense_is_told_and_nothing_is_asked()
    {
        var page = Page("/explorer/errors?segment=attribute:plan");

        page.Find("p.trouble").TextContent.ShouldContain("name the flag too");
        _sender.Sent.OfType<GetMetricSeries>().ShouldBeEmpty();
    }

    [Fact]
    public void a_series_that_takes_long_is_read_again_after_twenty_times_as_long()
    {
        _sender.Asking = query => _time.SetUtcNow(_time.GetUtcNow().AddSeconds(query is GetMetricSeries ? 3 : 0));
        var page = Page("/explorer/errors?span=hour");

        AskedAfter(page, 56).ShouldBe(1);
        page.Markup.ShouldContain("read again after 60 s");
        AskedAfter(page, 1).ShouldBe(2);
    }

    [Fact]
    public void a_series_that_takes_too_long_is_not_asked_for_again()
    {
        _sender.Answers[typeof(MetricSeriesAnswer)] = new MetricSeriesAnswer.TooLong(TimeSpan.FromSeconds(20));
        var page = Page("/explorer/errors?span=hour");

        AskedAfter(page, 86_400).ShouldBe(1);
        page.Find("p.trouble").TextContent.ShouldContain("choose a shorter one");
    }

    [Fact]
    public void the_catalogue_says_what_is_built_in() =>
        Render<Pages.Metrics>().Find("table.metrics tbody tr").TextContent.ShouldContain("built in");

    private int AskedAfter(IRenderedComponent<MetricPage> page, int seconds)
    {
        _time.SetUtcNow(_time.GetUtcNow().AddSeconds(seconds));
        page.Render(parameters => parameters.Add(p => p.Key, "errors"));
        return _sender.Sent.OfType<GetMetricSeries>().Count();
    }

    private IRenderedComponent<MetricPage> Page(string address)
    {
        Services.GetRequiredService<NavigationManager>().NavigateTo(address);
        return Render<MetricPage>(parameters => parameters.Add(page => page.Key, "errors"));
    }
}
