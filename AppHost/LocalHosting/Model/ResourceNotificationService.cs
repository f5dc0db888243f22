using System.Collections.Immutable;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>The states a resource goes through.</summary>
public static class KnownResourceStates
{
    public const string Waiting = "Waiting";
    public const string Starting = "Starting";
    public const string Running = "Running";
    public const string Exited = "Exited";
    public const string Finished = "Finished";
    public const string FailedToStart = "FailedToStart";
}

public sealed record ResourceStateSnapshot(string Text);

/// <summary>How a resource is now.</summary>
public sealed record CustomResourceSnapshot
{
    public required ResourceStateSnapshot State { get; init; }

    /// <summary>Null while nothing is known.</summary>
    public HealthStatus? HealthStatus { get; init; }

    /// <summary>Of the last process, once it has ended.</summary>
    public int? ExitCode { get; init; }
}

public sealed record ResourceEvent(IResource Resource, CustomResourceSnapshot Snapshot);

/// <summary>Tells how the resources are, and waits for them.</summary>
public sealed class ResourceNotificationService
{
    private readonly Lock _gate = new();
    private ImmutableDictionary<string, ResourceEvent> _events = ImmutableDictionary.Create<string, ResourceEvent>(StringComparer.OrdinalIgnoreCase);
    private TaskCompletionSource _changed = NewSignal();

    internal ResourceNotificationService()
    {
    }

    /// <summary>Waits until the resource runs and passes its health checks.</summary>
    /// <exception cref="DistributedApplicationException">It failed to start.</exception>
    public async Task<ResourceEvent> WaitForResourceHealthyAsync(string resourceName, CancellationToken cancellationToken = default)
    {
        var now = await WaitForResourceAsync(resourceName, IsSettled, cancellationToken);
        return IsHealthy(now)
            ? now
            : throw new DistributedApplicationException($"'{resourceName}' failed to start; its output says why.");

        static bool IsSettled(ResourceEvent now) => IsHealthy(now) || now.Snapshot.State.Text == KnownResourceStates.FailedToStart;
    }

    /// <summary>Waits until the predicate holds for the resource.</summary>
    public async Task<ResourceEvent> WaitForResourceAsync(
        string resourceName, Func<ResourceEvent, bool> predicate, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            Task changed;
            ResourceEvent? now;
            lock (_gate)
            {
                changed = _changed.Task;
                now = _events.GetValueOrDefault(resourceName);
            }

            if (now is not null && predicate(now))
                return now;
            await changed.WaitAsync(cancellationToken);
        }
    }

    internal void Publish(IResource resource, string state, HealthStatus? health = null, int? exitCode = null)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            var snapshot = new CustomResourceSnapshot { State = new(state), HealthStatus = health, ExitCode = exitCode };
            _events = _events.SetItem(resource.Name, new ResourceEvent(resource, snapshot));
            changed = _changed;
            _changed = NewSignal();
        }

        changed.SetResult();
    }

    private static bool IsHealthy(ResourceEvent now) =>
        now.Snapshot is { State.Text: KnownResourceStates.Running, HealthStatus: HealthStatus.Healthy };

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
