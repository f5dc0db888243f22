using JasperFx.Events;

namespace Delivery.Rollouts.Tests;

/// <summary>A rollout from events at moments, without a database.</summary>
internal sealed class History
{
    public static readonly DateTimeOffset Start = new(2026, 11, 23, 8, 0, 0, TimeSpan.Zero);
    private Rollout? _rollout;

    public Rollout Rollout => _rollout ?? throw new InvalidOperationException("nothing happened yet");

    public List<object> Events { get; } = [];

    /// <summary>What happened at a second after the start.</summary>
    public History At(double second, params object[] events)
    {
        foreach (var @event in events)
        {
            _rollout = Next(@event, Start.AddSeconds(second));
            _rollout.Version = Events.Count + 1;
            Events.Add(@event);
        }

        return this;
    }

    /// <summary>A plan that has been started and whose first stage the flag shows since version 2.</summary>
    public static History Started(Plan plan) => new History()
        .At(0, new RolloutPlanned(plan, "shop"))
        .At(0, new RolloutStarted(plan.Key), Entered(plan, 0))
        .At(0, new StageOpened(plan.Key, 0, 2));

    public static StageEntered Entered(Plan plan, int stage) =>
        new(plan.Key, stage, plan.Stages[stage].Name, plan.Stages[stage].ExposurePpm, null);

    private Rollout Next(object @event, DateTimeOffset at) => @event switch
    {
        RolloutPlanned e => Rollout.Create(On(e, at)),
        RolloutStarted e => Rollout.Apply(On(e, at)),
        StageEntered e => Rollout.Apply(On(e, at)),
        StageOpened e => Rollout.Apply(On(e, at)),
        RolloutPaused e => Rollout.Apply(On(e, at)),
        RolloutResumed e => Rollout.Apply(On(e, at)),
        ApprovalAsked e => Rollout.Apply(On(e, at)),
        StageApproved e => Rollout.Apply(On(e, at)),
        RolloutHeld e => Rollout.Apply(On(e, at)),
        RolloutSawAgain e => Rollout.Apply(On(e, at)),
        RolloutAborted e => Rollout.Apply(On(e, at)),
        RolloutClosed e => Rollout.Apply(On(e, at)),
        RolloutCompleted e => Rollout.Apply(On(e, at)),
        _ => throw new InvalidOperationException($"no such event: {@event}"),
    };

    private static Event<T> On<T>(T data, DateTimeOffset at)
        where T : class => new(data) { Timestamp = at, CorrelationId = "c-1" };
}

/// <summary>Plans in short.</summary>
internal static class Plans
{
    public static readonly BreakerPlan Breaker = new(true, 1e-3, 1.5, 10, 180, 1);

    public static Plan Of(params Stage[] stages) =>
        new("r", "f", "production", "on", "targetingKey", stages.Length > 0 ? stages : [Stage(5), Stage(50), Stage(100)], Breaker, [], 30);

    public static Stage Stage(double percent, double seconds = 10, long exposures = 100, bool needsApproval = false, bool waits = false) =>
        new(Sentences.Text($"{percent} %"), (int)(percent * 10_000), null, seconds, exposures, needsApproval, waits);
}
