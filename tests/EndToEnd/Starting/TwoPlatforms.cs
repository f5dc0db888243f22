using Delivery.EndToEnd.Tests.Platform;

namespace Delivery.EndToEnd.Tests.Starting;

/// <summary>Two bare platforms of one checkout: one keeps its data, the other has temporary ones.</summary>
public sealed class TwoPlatforms : IAsyncLifetime
{
    /// <summary>No temporary subdirectory: those are closed to the account that PostgreSQL runs under when we are root.</summary>
    private readonly DirectoryInfo _data = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), $"delivery-e2e-data-{Path.GetRandomFileName()}"));
    private RunningPlatform? _keeping;
    private RunningPlatform? _temporary;

    internal RunningPlatform Keeping => _keeping ?? throw new InvalidOperationException("xunit has not started it.");

    internal RunningPlatform Temporary => _temporary ?? throw new InvalidOperationException("xunit has not started it.");

    private string[] KeepingOptions => ["--Demo=false", $"--Postgres:DataDirectory={Path.Combine(_data.FullName, "postgres")}"];

    public async ValueTask InitializeAsync()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        try
        {
            await Task.WhenAll(StartKeepingAsync(cancellationToken), StartTemporaryAsync(cancellationToken));
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_keeping is not null)
            await _keeping.DisposeAsync();
        if (_temporary is not null)
            await _temporary.DisposeAsync();
        _data.Delete(recursive: true);
    }

    internal async Task StartAgainAsync(CancellationToken cancellationToken)
    {
        await Keeping.DisposeAsync();
        _keeping = null;
        await StartKeepingAsync(cancellationToken);
    }

    private async Task StartKeepingAsync(CancellationToken cancellationToken) =>
        _keeping = await RunningPlatform.StartAsync(KeepingOptions, cancellationToken);

    private async Task StartTemporaryAsync(CancellationToken cancellationToken) =>
        _temporary = await RunningPlatform.StartAsync(["--Demo=false", "--Postgres:Ephemeral=true"], cancellationToken);
}
