namespace Delivery.Metrics.Events;

/// <summary>
/// What a unit did, or how one request went, as the event log keeps it. With a duration or an outcome it is request
/// telemetry; without either it is a conversion: the unit did what <paramref name="Name"/> says.
/// </summary>
/// <param name="Position">Its place in the event log: 1, 2, 3, ... in commit order; 0 before it is committed.</param>
/// <param name="Id">The id its sender gave it; a repeated id is a repeated report of the same event.</param>
/// <param name="Environment">The environment's key.</param>
/// <param name="Name">What happened.</param>
/// <param name="Unit">The unit's key.</param>
/// <param name="UnitHash">XxHash3 of the unit's key in UTF-8: the partition key.</param>
/// <param name="ValueMicroUnits">The value in millionths, or null.</param>
/// <param name="DurationMicroseconds">How long the request took, at least 0, or null.</param>
/// <param name="Failed">Whether the request failed, or null when the sender doesn't say.</param>
/// <param name="Time">When it happened, by the sender's clock.</param>
/// <param name="ReceivedAt">When the log took it.</param>
/// <param name="Flags">What the request evaluated; empty when it evaluated nothing; null when the sender doesn't say, then the unit joins it to its exposures.</param>
/// <param name="Properties">A JSON object, as it was sent, or null.</param>
internal sealed record MetricEvent(
    long Position,
    Guid Id,
    string Environment,
    string Name,
    string Unit,
    ulong UnitHash,
    long? ValueMicroUnits,
    long? DurationMicroseconds,
    bool? Failed,
    DateTimeOffset Time,
    DateTimeOffset ReceivedAt,
    IReadOnlyList<EvaluatedFlag>? Flags,
    string? Properties)
{
    /// <summary>Request telemetry counts requests, errors and latency; anything else is a conversion.</summary>
    public bool IsRequest => DurationMicroseconds is not null || Failed is not null;
}

/// <summary>A flag as the request evaluated it.</summary>
internal readonly record struct EvaluatedFlag(string Flag, string Variant, long Version);
