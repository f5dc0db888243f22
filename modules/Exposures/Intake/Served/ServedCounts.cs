using System.Diagnostics.Metrics;

namespace Delivery.Exposures.Intake.Served;

/// <summary>What became of the server's own evaluations: <c>delivery.exposures.served</c> by outcome.</summary>
internal sealed class ServedCounts
{
    private readonly Counter<long> _evaluations;
    private long _recorded;
    private long _lost;
    private long _withoutUnit;

    public ServedCounts(IMeterFactory meters) => _evaluations = meters.Create("Delivery.Exposures").CreateCounter<long>(
        "delivery.exposures.served", "{evaluation}",
        "Evaluations the server answered clients with: recorded, lost (more waited than is held), without-unit (nobody to record)");

    public long Recorded => Interlocked.Read(ref _recorded);

    public long Lost => Interlocked.Read(ref _lost);

    public long WithoutUnit => Interlocked.Read(ref _withoutUnit);

    public void AddRecorded(long evaluations) => Add(ref _recorded, "recorded", evaluations);

    public void AddLost() => Add(ref _lost, "lost", 1);

    public void AddWithoutUnit() => Add(ref _withoutUnit, "without-unit", 1);

    private void Add(ref long total, string outcome, long evaluations)
    {
        Interlocked.Add(ref total, evaluations);
        _evaluations.Add(evaluations, new KeyValuePair<string, object?>("outcome", outcome));
    }
}
