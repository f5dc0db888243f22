namespace Delivery.LocalHosting.Running;

internal sealed record RunnerOptions
{
    /// <summary>For all resources together: the database may need its time to write what it holds.</summary>
    public static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(90);

    /// <summary>Whether a resource that crashed is started again.</summary>
    public bool Restart { get; init; } = true;

    /// <summary>How long a resource may take to stop before its processes are killed.</summary>
    public TimeSpan StopPatience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Between two looks at the health of a resource that is starting.</summary>
    public TimeSpan HealthInterval { get; init; } = TimeSpan.FromMilliseconds(50);
}
