using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Delivery.Cli.Rollouts;

internal static class RolloutCommands
{
    private static readonly IReadOnlyList<Column> Columns =
    [
        Column.Of("KEY", "key"), Column.Of("FLAG", "flag"), Column.Of("VARIANT", "variant"), Column.Of("STATUS", "status"), Column.Of("STAGE", "stage"),
        new("EXPOSURE", rollout => Percent(rollout)), Column.Of("HEALTH", "health"), Column.Of("REASON", "reason"),
    ];

    public static Command Create(Terminal terminal) => new("rollouts", "Rollouts: releases in stages, watched.")
    {
        List(terminal),
        Get(terminal),
        Plan(terminal),
        Step(terminal, "start", "Starts it: the first stage opens.", "started"),
        Step(terminal, "pause", "Holds it where it is; breaker and guardrails watch on.", "paused"),
        Step(terminal, "resume", "Lets it go on.", "resumed"),
        Step(terminal, "approve", "Approves that it goes on from the present stage.", "approved"),
        Step(terminal, "abort", "Stops it for ever; nobody is exposed by it any more.", "aborted"),
    };

    private static Argument<string> KeyOf()
    {
        var key = new Argument<string>("key") { Description = "The rollout's key." };
        key.CompletionSources.Add(context => KnownKeys.Of("rollouts", context));
        return key;
    }

    private static Command List(Terminal terminal)
    {
        Option<string?> environment = new("--environment", "-e") { Description = "In this environment." };
        Option<string?> status = new("--status") { Description = "draft, running, waiting, paused, aborted or completed." };
        Option<string?> flag = new("--flag") { Description = "Of this flag." };
        Option<string?> owner = new("--owner") { Description = "Of this team." };
        Option<int> limit = new("--limit") { Description = "How many at the most.", DefaultValueFactory = _ => 100 };
        return new Command("list", "Lists rollouts, newest first.") { environment, status, flag, owner, limit }.Does(terminal, async (session, stop) =>
        {
            var said = session.Said;
            var path = Address.Of("rollouts").With(("environment", said.GetValue(environment)), ("status", said.GetValue(status)), ("flag", said.GetValue(flag)), ("owner", said.GetValue(owner)));
            session.Show.List(await session.Api.ListAsync(path, said.GetValue(limit), stop), "No rollouts. 'delivery rollouts plan KEY --flag FLAG --variant VARIANT' makes one.", Columns);
        });
    }

    private static Command Get(Terminal terminal)
    {
        var key = KeyOf();
        Option<bool> evidence = new("--evidence") { Description = "With what its decisions rest on: looks, counts per stage and arm (JSON)." };
        return new Command("get", "Shows a rollout: where it is, how it goes, and why it stopped.") { key, evidence }.Does(terminal, async (session, stop) =>
        {
            var rollout = session.Said.GetValue(key)!;
            var answer = await session.Api.GetAsync(session.Said.GetValue(evidence) ? Address.Of("rollouts", rollout, "evidence") : Address.Of("rollouts", rollout), stop);
            if (session.Said.GetValue(evidence))
                new Output(session.Show.Writer, OutputForm.Json).One(answer);
            else
                session.Show.One(answer,
                [
                    Column.Of("key", "key"), Column.Of("flag", "flag"), Column.Of("variant", "variant"), Column.Of("environment", "environment"), Column.Of("owner", "owner"),
                    Column.Of("status", "status"), Column.Of("health", "health"), Column.Of("reason", "reason"), new("exposure", Percent),
                    new("stages", r => string.Join("\n", r.Items("stages").Select((stage, i) => Stage(r, stage, i)))),
                    new("released", r => Arm(r.At("released"))), new("control", r => Arm(r.At("control"))),
                    new("started", r => r.Time("startedAt")), new("ended", r => r.Time("endedAt")), Column.Of("stopped by", "abort.by"), Column.Of("version", "version"),
                ]);
        });
    }

    private static Command Plan(Terminal terminal)
    {
        Argument<string> key = new("key") { Description = "1 to 100 characters in kebab-case." };
        Option<string> flag = new("--flag") { Description = "The flag.", Required = true };
        Option<string> variant = new("--variant") { Description = "The variant to release.", Required = true };
        var environment = GlobalOptions.Environment();
        Option<string?> file = new("--file", "-f") { Description = "The rest of the plan as JSON (stages, breaker, guardrails); - is standard input. Delivery's own stages when left out." };
        Option<bool> start = new("--start") { Description = "Start it at once." };
        var comment = GlobalOptions.Comment();
        return new Command("plan", "Plans a rollout; it exposes nobody until it is started.") { key, flag, variant, environment, file, start, comment }.Does(terminal, async (session, stop) =>
        {
            var said = session.Said;
            var body = said.GetValue(file) is { } path
                ? await InputFile.ReadObjectAsync(terminal, path, "--file", stop)
                : [];
            body.Set("key", said.GetValue(key)).Set("flag", said.GetValue(flag)).Set("variant", said.GetValue(variant)).Set("environment", said.GetValue(environment)).Set("comment", said.GetValue(comment));
            var answer = await session.Api.ChangeAsync(HttpMethod.Post, Address.Of("rollouts"), body, stop);
            if (said.GetValue(start))
                answer = await session.Api.ChangeAsync(HttpMethod.Post, Address.Of("rollouts", said.GetValue(key)!, "start"), new JsonObject().Set("comment", said.GetValue(comment)), stop);
            session.Show.Done($"The rollout '{said.GetValue(key)}' is {(said.GetValue(start) ? "started" : "planned; 'delivery rollouts start' opens its first stage")}.", answer);
        });
    }

    private static Command Step(Terminal terminal, string name, string description, string done)
    {
        var key = KeyOf();
        var comment = GlobalOptions.Comment();
        return new Command(name, description) { key, comment }.Does(terminal, async (session, stop) =>
        {
            var path = Address.Of("rollouts", session.Said.GetValue(key)!, name);
            var answer = await session.Api.ChangeAsync(HttpMethod.Post, path, new JsonObject().Set("comment", session.Said.GetValue(comment)), stop);
            session.Show.Done($"The rollout '{session.Said.GetValue(key)}' is {done}.", answer);
        });
    }

    private static string Percent(JsonElement rollout) =>
        rollout.At("exposurePercent") is { ValueKind: JsonValueKind.Number } percent ? $"{percent.GetDouble().ToString("0.####", CultureInfo.InvariantCulture)} %" : "";

    private static string Stage(JsonElement rollout, JsonElement stage, int index)
    {
        var present = rollout.At("stageIndex") is { ValueKind: JsonValueKind.Number } at && at.GetInt32() == index && rollout.Text("startedAt").Length > 0;
        return $"{(present ? "=>" : "  ")} {stage.Text("name")}: {stage.Text("exposurePercent")} %{(stage.At("needsApproval").ValueKind == JsonValueKind.True ? ", needs approval" : "")}";
    }

    private static string Arm(JsonElement arm) => arm.ValueKind != JsonValueKind.Object ? ""
        : $"{arm.Text("exposures")} exposures, {arm.Text("units")} units, {arm.Text("requests")} requests, {arm.Text("errors")} errors in {arm.Text("failingUnits")} units";
}
