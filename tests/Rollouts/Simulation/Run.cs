namespace Delivery.Rollouts.Tests.Simulation;

/// <summary>A rollout over simulated traffic: real deciders and statistics, a look each second, no waiting.</summary>
internal sealed class Run
{
    private readonly History _history;
    private long _flagVersion = 2;

    public Run(Plan plan, Shop shop, int mostSeconds)
    {
        _history = History.Started(plan);
        for (Seconds = 1; Seconds <= mostSeconds && Rollout.Live; Seconds++)
        {
            var now = History.Start.AddSeconds(Seconds);
            shop.Serve(_flagVersion, Rollout.Present!.ExposurePpm / 1e6, now);
            var sight = new Sight.Seen(Assessment.Of(Rollout, shop.Health(now), now), History.Start);
            MostEvidence = Math.Max(MostEvidence, sight.Assessment.Breaker.LogEValue);
            if (Conducting.Decide(Rollout, sight, now).Event is not { } decided)
                continue;
            _history.At(Seconds, decided);
            if (decided is StageEntered entered)
                _history.At(Seconds, new StageOpened(plan.Key, entered.Stage, ++_flagVersion));
        }
    }

    public Rollout Rollout => _history.Rollout;

    public int Seconds { get; }

    public double MostEvidence { get; } = double.NegativeInfinity;
}
