using System.CommandLine;

namespace Delivery.Cli.Ledger;

/// <summary>Those of <c>exposures</c> that are about units, each once.</summary>
internal static class UnitCommands
{
    public static Command First(Terminal terminal) => Units(terminal, "first", "The units exposed to a flag, each with its first exposure.", "units");

    public static Command Crossovers(Terminal terminal) => Units(terminal, "crossovers", "The units that saw more than one variant of a flag.", "crossovers");

    public static Command Unassigned(Terminal terminal) =>
        Assignments(terminal, "unassigned", "Exposures without assignment: units recorded as assigned although the flag, as of then, gave them nothing.");

    public static Command Outdated(Terminal terminal) =>
        Assignments(terminal, "outdated", "Assignments that no longer hold: units that met another variant than the flag gives them now.");

    public static Command Traffic(Terminal terminal)
    {
        var flag = FlagKey();
        var environment = GlobalOptions.Environment();
        return new Command("traffic", "Whether units reach a flag's variants in the intended shares, and as many as were to be expected; exit status 1 when they do not.") { flag, environment }.Does(terminal, async (session, stop) =>
        {
            var report = await session.Api.GetAsync(Address.Of("flags", session.Said.GetValue(flag)!, "traffic").With(("environment", session.Said.GetValue(environment))), stop);
            var overall = report.At("overall");
            session.Show.One(report,
            [
                new("units", _ => overall.Text("units")), new("level", _ => overall.Text("level")), new("p", _ => overall.Text("p")),
                new("arms", _ => string.Join("\n", overall.Items("arms").Select(arm =>
                    $"{arm.Text("variant")}: {arm.Text("recordedUnits")} units, expected {arm.Text("expectedUnits")}"))),
                new("lately", _ => $"{report.Text("forecast.now.units")} units since {report.At("forecast.now").Time("from")}"),
                new("forecast", _ => report.Text("forecast.level") is { Length: > 0 } forecast ? $"{report.Text("forecast.forecastUnits")} units: {forecast}" : "none: the flag is met for too short a time"),
            ]);
            if (overall.Text("level") is "warned" or "blocked")
                throw new ApiFault(ExitCode.Refused, "Units do not reach the variants as intended.");
            if (report.Text("forecast.level") == "fallen")
                throw new ApiFault(ExitCode.Refused, "Fewer than half of the units that were to be expected meet the flag.");
        });
    }

    public static Command Forget(Terminal terminal)
    {
        Argument<string> unit = new("unit") { Description = "The unit's id." };
        return new Command("forget", "Forgets a unit: its rows are masked, and the ledger says that they were.") { unit }.Does(terminal, async (session, stop) =>
            session.Show.One(
                await session.Api.ChangeAsync(HttpMethod.Delete, Address.Of("units", session.Said.GetValue(unit)!), null, stop),
                [Column.Of("pseudonym", "pseudonym"), Column.Of("exposures", "exposures")]));
    }

    private static Command Units(Terminal terminal, string name, string description, string question)
    {
        var filter = new ExposureFilter();
        var limit = Limit();
        return filter.On(new Command(name, description) { limit }).Does(terminal, async (session, stop) => session.Show.List(
            await session.Api.ListAsync(filter.Address(session.Said, Address.Of("exposures", question)), session.Said.GetValue(limit), stop), "There are none.",
            [
                Column.Of("UNIT", "unit"), Column.Of("FIRST", "firstVariant"), new("AT", unit => unit.Time("firstAt")), Column.Of("EXPOSURES", "exposures"),
                new("VARIANTS", unit => string.Join(", ", unit.Items("variants").Select(variant => variant.GetString()))),
            ]));
    }

    private static Command Assignments(Terminal terminal, string name, string description)
    {
        var filter = new ExposureFilter();
        var limit = Limit();
        return filter.On(new Command(name, description) { limit }).Does(terminal, async (session, stop) => session.Show.List(
            await session.Api.ListAsync(filter.Address(session.Said, Address.Of("exposures", name)), session.Said.GetValue(limit), stop), "There are none.",
            [
                Column.Of("UNIT", "unit"), new("TIME", unit => unit.Time("time")), Column.Of("RECORDED", "recorded.variant"), Column.Of("GIVEN", "given.variant"),
                Column.Of("GIVEN REASON", "given.reason"),
            ]));
    }

    private static Argument<string> FlagKey()
    {
        var flag = new Argument<string>("flag") { Description = "The flag's key." };
        flag.CompletionSources.Add(context => KnownKeys.Of("flags", context));
        return flag;
    }

    private static Option<int> Limit() => new("--limit") { Description = "How many at the most.", DefaultValueFactory = _ => 100 };
}
