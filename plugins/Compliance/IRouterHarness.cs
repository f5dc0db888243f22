using Delivery.Plugins.Routing;

namespace Delivery.Plugins.Compliance;

/// <summary>
/// What the author of a router gives the suite: the real backend with one route of two arms, behind each a service that says
/// which arm it is. A new one for each test.
/// </summary>
public interface IRouterHarness : IAsyncDisposable
{
    /// <summary>The router, with its backend running and both arms answering.</summary>
    ITrafficRouter Router { get; }

    /// <summary>A configured route.</summary>
    string Route { get; }

    /// <summary>Its stable arm.</summary>
    string Stable { get; }

    /// <summary>Its other arm.</summary>
    string Canary { get; }

    /// <summary>How many requests a check of shares may send; fewer make it coarser. Default 2,000.</summary>
    int Requests => 2_000;

    /// <summary>
    /// Waits, after an answer to apply or abort, until the traffic goes the new way too; for a backend that tells it without a
    /// fixed time. Default: it does at once.
    /// </summary>
    Task SettleAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Sends a request through the backend; several at once.</summary>
    /// <returns>The arm that answered. Anything else is a lost request: an exception.</returns>
    Task<string> SendAsync(RouterRequest request, CancellationToken cancellationToken);

    /// <summary>Stops the backend; false when it can't be stopped alone, because it runs in the plugin's process.</summary>
    Task<bool> StopBackendAsync(CancellationToken cancellationToken);

    /// <summary>Starts it again. What it holds in memory only is lost.</summary>
    Task StartBackendAsync(CancellationToken cancellationToken);

    /// <summary>Stops the canary's service: nobody answers behind that arm.</summary>
    Task StopCanaryAsync(CancellationToken cancellationToken);

    /// <summary>Changes the route behind the plugin's back, as another writer would; false when nobody else can.</summary>
    Task<bool> ChangeBehindAsync(CancellationToken cancellationToken);

    /// <summary>Why <see cref="WithFaultAsync"/> gives null, and where it is shown instead; told with the test that is skipped.</summary>
    string WhyNoFault => "it says so itself";

    /// <summary>
    /// A router of the same plugin whose backend has a fault; null when this backend can't have it (a backend in the plugin's
    /// process is never unreachable). <see cref="FaultyBackend"/> makes most of them.
    /// </summary>
    Task<ITrafficRouter?> WithFaultAsync(BackendFault fault, CancellationToken cancellationToken);
}

/// <summary>A request of the suite.</summary>
/// <param name="Header">A header to send.</param>
/// <param name="Cookie">A cookie to send.</param>
public sealed record RouterRequest((string Name, string Value)? Header = null, (string Name, string Value)? Cookie = null);

/// <summary>What is wrong with a backend.</summary>
public enum BackendFault
{
    /// <summary>Nobody listens.</summary>
    Down = 0,

    /// <summary>It takes requests and does not answer.</summary>
    Silent = 1,

    /// <summary>It answers what makes no sense.</summary>
    Nonsense = 2,

    /// <summary>Its certificate is not one to trust.</summary>
    CertificateWrong = 3,

    /// <summary>It refuses the credentials.</summary>
    CredentialsWrong = 4,

    /// <summary>It closes in the middle of its answer.</summary>
    CutInTheMiddle = 5,
}
