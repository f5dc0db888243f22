using System.Text.Json;

namespace Delivery.EndToEnd.Tests.Platform;

// The documents of the public API, as far as these tests read them, written down apart from the server's own types:
// what is renamed there breaks here, as it would break a customer.

internal sealed record Page<T>(IReadOnlyList<T> Items, JsonElement? Next);

internal sealed record Release(
    string Key, string Flag, string Environment, string Status, string? Stage, int StageIndex, double ExposurePercent, string Reason, string Health,
    Arm? Released, Arm? Control, Abort? Abort, DateTimeOffset? StartedAt, DateTimeOffset? EndedAt, long Version)
{
    public bool Ended => Status is "aborted" or "completed";
}

internal sealed record Arm(long Exposures, long Units, long Requests, long Errors, long FailingUnits, double? P95Milliseconds);

internal sealed record Abort(string Cause, string By, string Reason, Evidence? Evidence, DateTimeOffset At);

internal sealed record Evidence(
    string Rule, string Metric, Arm Released, Arm Control, double? EValue, double? Threshold, double? Lower, string? Unit,
    DateTimeOffset? FirstBadExposureAt, double? SecondsToDecision, DateTimeOffset CompleteUpTo);

internal sealed record RecordedEvent(
    long Sequence, DateTimeOffset Time, string Kind, string Key, long Version, string Type, string? Actor, string? Comment,
    string? CorrelationId, string? CausationId, JsonElement Data);

internal sealed record Exposure(long Position, Guid Id, string Flag, string Variant, string Unit, long FlagVersion, DateTimeOffset ReceivedAt);

internal sealed record ExposureCount(CountedBy By, long Exposures, long Units);

internal sealed record CountedBy(long Version, string Variant);

internal sealed record MetricEvent(long Position, string Unit, double? DurationMs, bool? Error, IReadOnlyDictionary<string, Served>? Flags);

internal sealed record Served(string Variant, long Version);

internal sealed record ReleaseHealth(IReadOnlyList<Epoch> Epochs, DateTimeOffset CompleteUpTo);

internal sealed record Epoch(long FlagVersion, Arm Released, Arm Control);

internal sealed record Ledger(long Segments, long Rows, LedgerHead Head);

internal sealed record LedgerHead(long Segment, string Hash);

internal sealed record Verification(bool Valid, long Segments, long Rows, IReadOnlyList<JsonElement> Breaks);

internal sealed record RaisedAlert(
    string Id, string Kind, string Subject, string Severity, string? Team, string Title, string Detail, IReadOnlyList<AlertDelivery> Deliveries);

internal sealed record AlertDelivery(string Channel, string State, int Attempts);

internal sealed record ReceivedAlert(string DeliveryId, string Kind, string State, string Severity, string Subject, string Title, string Detail);
