using Delivery.Plugins.Measuring;

namespace Delivery.Plugins.Compliance;

/// <summary>What the author of a metric source gives the suite: the real backend, and a way to put known numbers into it. A new one for each test.</summary>
public interface IMetricSourceHarness : IAsyncDisposable
{
    /// <summary>The source, with its backend running and without data.</summary>
    IMetricSource Source { get; }

    /// <summary>A route.</summary>
    string Route { get; }

    /// <summary>Its stable arm.</summary>
    string Stable { get; }

    /// <summary>Its other arm.</summary>
    string Canary { get; }

    /// <summary>The name of a metric of this shape over what <see cref="RecordAsync"/> writes; null when the source has none.</summary>
    /// <param name="shape"><c>Counts</c>: requests and failures; <c>Moments</c> and <c>Histogram</c>: durations in seconds.</param>
    string? MetricOf(MetricShape shape);

    /// <summary>The present moment by the backend's clock.</summary>
    DateTimeOffset Now { get; }

    /// <summary>Writes requests of an arm; returns when the backend shows them to queries.</summary>
    Task RecordAsync(string arm, IReadOnlyList<RecordedRequest> requests, CancellationToken cancellationToken);

    /// <summary>Stops the backend; false when it can't be stopped alone, because others use it.</summary>
    Task<bool> StopBackendAsync(CancellationToken cancellationToken) => Task.FromResult(false);

    /// <summary>Starts it again, with what it keeps on disk; returns when it answers queries.</summary>
    Task StartBackendAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>A source of the same plugin whose backend has a fault; null when this backend can't have it.</summary>
    Task<IMetricSource?> WithFaultAsync(BackendFault fault, CancellationToken cancellationToken);
}

/// <summary>One request that the backend shall know of.</summary>
/// <param name="Duration">How long it took.</param>
/// <param name="Failed">Whether it failed.</param>
public sealed record RecordedRequest(TimeSpan Duration, bool Failed);
