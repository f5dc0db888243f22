using Bunit;
using Delivery.Console.Shell;
using Delivery.Contracts.Exposures;
using Mediator;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Delivery.Console.Tests.Parts;

public sealed class ExposuresPageTests : BunitContext
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);
    private readonly AnsweringSender _sender = new();

    public ExposuresPageTests()
    {
        Services.AddSingleton<ISender>(_sender);
        Services.AddSingleton<TimeProvider>(new FakeTimeProvider(Noon));
        Services.AddScoped<Platform>();
        AddAuthorization().SetAuthorized("olga");
        SetRendererInfo(new RendererInfo("Server", isInteractive: true));
        _sender.Answers[typeof(Audience)] = new Audience([new AudienceGroup("on", "SPLIT", "half", 3, 4_000, 1_200, Noon.AddHours(-1), Noon)], 1_200);
        _sender.Answers[typeof(IReadOnlyList<UnitExposure>)] = new[] { new UnitExposure("checkout", "staging", "on", "SPLIT", "half", 3, Noon) };
    }

    [Fact]
    public void without_a_question_the_ledger_is_not_read()
    {
        Page("/exposures").FindAll("table").ShouldBeEmpty();

        _sender.Sent.ShouldBeEmpty();
    }

    [Fact]
    public void before_there_is_a_connection_the_ledger_is_not_read()
    {
        SetRendererInfo(new RendererInfo("Static", isInteractive: false));

        Page("/exposures?flag=checkout").FindAll("table").ShouldBeEmpty();

        _sender.Sent.ShouldBeEmpty();
    }

    [Fact]
    public void the_address_asks_who_met_a_flag()
    {
        var page = Page("/exposures?flag=checkout&environment=staging&hours=168");

        _sender.Sent.ShouldHaveSingleItem().ShouldBe(new GetAudience("checkout", "staging", Noon.AddDays(-7)));
        page.Markup.ShouldContain("1,200 units met checkout in staging.");
        page.Find("table.audience tbody tr").TextContent.ShouldContain("half");
    }

    [Fact]
    public void the_address_asks_what_a_unit_met()
    {
        Page("/exposures?unit=ann").Find("table.met tbody tr").TextContent.ShouldContain("checkout");

        _sender.Sent.ShouldHaveSingleItem().ShouldBeOfType<GetUnitExposures>().Unit.ShouldBe("ann");
    }

    [Fact]
    public void nobody_is_said_and_not_an_empty_table()
    {
        _sender.Answers[typeof(Audience)] = new Audience([], 0);
        _sender.Answers[typeof(IReadOnlyList<UnitExposure>)] = Array.Empty<UnitExposure>();

        Page("/exposures?flag=checkout").Find("p.empty").TextContent.ShouldContain("Nobody met that flag");
        Page("/exposures?unit=bea").Find("p.empty").TextContent.ShouldContain("nothing of that unit");
    }

    [Fact]
    public void a_ledger_that_can_not_answer_is_told()
    {
        _sender.Asking = _ => throw new InvalidOperationException("the database is away");

        Page("/exposures?flag=checkout").Find("p.trouble").TextContent.ShouldContain("the database is away");
    }

    [Fact]
    public void what_is_typed_becomes_the_address()
    {
        var page = Page("/exposures");
        page.Find("input").Change(" a b ");
        page.Find("form").Submit();

        Services.GetRequiredService<NavigationManager>().Uri.ShouldEndWith("/exposures?flag=a%20b&environment=production&hours=24");
    }

    private IRenderedComponent<Pages.Exposures> Page(string address)
    {
        Services.GetRequiredService<NavigationManager>().NavigateTo(address);
        return Render<Pages.Exposures>();
    }
}
