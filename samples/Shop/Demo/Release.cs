namespace Delivery.Shop.Demo;

/// <summary>A release as <c>GET /api/v1/rollouts</c> shows it, as far as the demo tells of it.</summary>
internal sealed record Release(
    string Key, string Flag, string Status, string? Stage, double ExposurePercent, string? Reason, Arm? Released, Arm? Control, Abort? Abort)
{
    internal bool Ended => Status is "aborted" or "completed";
}

/// <summary>One arm in numbers.</summary>
internal sealed record Arm(long Exposures, long Units, long Requests, long Errors, long FailingUnits, double? P95Milliseconds);

/// <summary>What stopped a release.</summary>
internal sealed record Abort(string Cause, string By, string Reason, Evidence? Evidence, DateTimeOffset At);

/// <summary>What the decision looked at.</summary>
internal sealed record Evidence(
    string Rule, string Metric, Arm Released, Arm Control, double? EValue, double? Threshold, double? Estimate, double? Lower, double? Upper, string? Unit, double? SecondsToDecision);

/// <summary>A page of a list.</summary>
internal sealed record Page<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>A key as <c>GET /api/v1/keys</c> shows it.</summary>
internal sealed record ListedKey(string Id, string Name, string Role, string? Environment, DateTimeOffset? RevokedAt);
