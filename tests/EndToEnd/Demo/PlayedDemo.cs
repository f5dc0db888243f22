using Delivery.EndToEnd.Tests.Platform;

namespace Delivery.EndToEnd.Tests.Demo;

/// <summary>The demo as shipped, played to its end once for all tests of it.</summary>
public sealed class PlayedDemo : IAsyncLifetime
{
    /// <summary>What the demo promises.</summary>
    private static readonly TimeSpan Promise = TimeSpan.FromMinutes(5);

    private RunningPlatform? _platform;
    private IReadOnlyList<Release>? _releases;

    internal RunningPlatform Platform => _platform ?? throw new InvalidOperationException("xunit has not started the demo.");

    internal Api Api => Platform.Api;

    internal Release NewCheckout => Release("new-checkout");

    internal Release NewRecommendations => Release("new-recommendations");

    internal Release FastSearch => Release("fast-search");

    public async ValueTask InitializeAsync()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        _platform = await RunningPlatform.StartAsync(["--Postgres:Ephemeral=true"], cancellationToken);
        try
        {
            _releases = await PlayAsync(cancellationToken);
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_platform is not null)
            await _platform.DisposeAsync();
    }

    internal Task<IReadOnlyList<RecordedEvent>> EventsAsync(string kind, string key, CancellationToken cancellationToken) =>
        Api.ListAsync<RecordedEvent>($"/api/v1/events?kind={kind}&key={key}&limit=1000", cancellationToken);

    private Task<IReadOnlyList<Release>> PlayAsync(CancellationToken cancellationToken) =>
        Eventually.SeesAsync(
            "the demo's three releases have ended", Promise,
            () => Api.ListAsync<Release>("/api/v1/rollouts", cancellationToken),
            releases => releases.Count == 3 && releases.All(release => release.Ended),
            cancellationToken);

    private Release Release(string key) => _releases!.Single(release => release.Key == key);
}
