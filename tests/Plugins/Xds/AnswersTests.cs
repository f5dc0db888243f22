using Delivery.Plugins.Compliance;
using Delivery.Plugins.Routing;
using Delivery.Plugins.Xds;
using Delivery.Plugins.Xds.Wire;

namespace Delivery.Plugins.Tests.Xds;

/// <summary>What clients say decides: taken, refused, nothing.</summary>
public sealed class AnswersTests : IAsyncLifetime
{
    private const int MostClients = 20;

    private XdsRouter _router = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var options = XdsHarness.Options("127.0.0.1:1", "127.0.0.1:2");
        options.AnswerSeconds = 0.3;
        options.MostClients = MostClients;
        _router = await XdsHarness.RouterAsync(options, Token);
    }

    public async ValueTask DisposeAsync() => await _router.DisposeAsync();

    [Fact]
    public async Task what_every_client_refuses_is_taken_back_and_said_with_its_words()
    {
        await using var client = await FollowAsync(r => IsHalf(r) ? "no halves" : null);
        await VerifiedAsync(Intent(0, 1), await ApplyAsync(Intent(0, 1)));
        var failed = (await ApplyAsync(Intent(5_000, 2))).ShouldBeOfType<PluginResult<RouteState>.Failed>();
        failed.Error.Kind.ShouldBe(PluginErrorKind.InvalidIntent);
        failed.Error.Message.ShouldContain("test refused shop: no halves");
        failed.LastKnown!.WeightOf("canary").ShouldBe(0);
        (await _router.VerifyAsync(Intent(5_000, 2), Token)).ShouldBeOfType<Verification.Drifted>().Differences.ShouldContain("test refused shop: no halves");
        await VerifiedAsync(Intent(0, 1), null);
        (await ApplyAsync(Intent(100, 1))).ShouldBeOfType<PluginResult<RouteState>.Failed>().Error.Kind.ShouldBe(PluginErrorKind.Conflict, "the refused generation still fences");
        await VerifiedAsync(Intent(2_500, 3), await ApplyAsync(Intent(2_500, 3)));
    }

    [Fact]
    public async Task what_one_client_refuses_and_another_takes_is_partly_applied_and_drift()
    {
        await using var taking = await FollowAsync(_ => null);
        await using var refusing = await FollowAsync(r => IsHalf(r) ? "no halves" : null);
        await VerifiedAsync(Intent(0, 1), await ApplyAsync(Intent(0, 1)));
        var failed = (await ApplyAsync(Intent(5_000, 2))).ShouldBeOfType<PluginResult<RouteState>.Failed>();
        failed.Error.Kind.ShouldBe(PluginErrorKind.PartiallyApplied);
        failed.Error.Message.ShouldContain("1 of 2 clients acknowledged; test refused shop: no halves");
        (await _router.VerifyAsync(Intent(5_000, 2), Token)).ShouldBeOfType<Verification.Drifted>().State.WeightOf("canary").ShouldBe(5_000);
        (await _router.AbortAsync(new AbortOrder("shop", "stable", 3, AbortLevel.StopSticky), Token)).ShouldBeOfType<PluginResult<RouteState>.Ok>();
    }

    [Fact]
    public async Task without_a_client_it_is_taken_and_never_verified()
    {
        (await ApplyAsync(Intent(5_000, 1))).ShouldBeOfType<PluginResult<RouteState>.Ok>();
        (await _router.VerifyAsync(Intent(5_000, 1), Token)).ShouldBeOfType<Verification.Unverifiable>().Error.Kind.ShouldBe(PluginErrorKind.Unavailable);
        await using var client = await FollowAsync(_ => null);
        await VerifiedAsync(Intent(5_000, 1), null);
    }

    [Fact]
    public async Task a_client_that_says_nothing_is_waited_for_and_then_named()
    {
        await using var silent = await FollowAsync(null);
        await silent.NextAsync(ResourceTypes.Route, Token);
        (await ApplyAsync(Intent(5_000, 1))).ShouldBeOfType<PluginResult<RouteState>.Ok>();
        (await _router.VerifyAsync(Intent(5_000, 1), Token)).ShouldBeOfType<Verification.Pending>().Reason.ShouldBe("0 of 1 clients acknowledged");
        (await _router.AbortAsync(new AbortOrder("shop", "stable", 2, AbortLevel.StopNew), Token)).ShouldBeOfType<PluginResult<RouteState>.Failed>()
            .Error.Kind.ShouldBe(PluginErrorKind.OutcomeUnknown);
        (await silent.NextAsync(ResourceTypes.Route, Token)).ShouldNotBeNull();
    }

    [Fact]
    public async Task an_answer_to_an_overtaken_response_says_nothing()
    {
        await using var client = await FollowAsync(null);
        var first = await client.NextAsync(ResourceTypes.Route, Token);
        var applying = ApplyAsync(Intent(5_000, 1));
        var second = await client.NextAsync(ResourceTypes.Route, Token);
        await client.SendAsync(ResourceTypes.Route, first.Nonce, "too late", Token);
        await applying;
        (await _router.VerifyAsync(Intent(5_000, 1), Token)).ShouldBeOfType<Verification.Pending>();
        await client.SendAsync(ResourceTypes.Route, second.Nonce, "not this one", Token);
        await XdsHarness.UntilAsync(() => _router.Control.Clients.Of(Cell).Refusals.Length == 1, Token);
        second.VersionInfo.ShouldNotBe(first.VersionInfo);
    }

    [Fact]
    public void clusters_and_endpoints_come_before_what_routes_to_them()
    {
        var sticky = Intent(5_000, 2) with { Stickiness = new Stickiness(RequestPart.Header, "x-unit") };
        var (stream, catalogue) = (new AdsStream("test"), new Catalogue());
        catalogue.Publish(Cell.Resources.For(sticky));
        foreach (var type in ResourceTypes.InOrder.Reverse())
            stream.Take(new DiscoveryRequest { TypeUrl = type, ResourceNames = { Cell.Resources.NeededFor(sticky).Where(n => n.Type == type).Select(n => n.Name) } });
        var sent = new List<string>();
        while (stream.Next(catalogue) is { } response)
            sent.Add(response.TypeUrl);
        sent.ShouldBe(ResourceTypes.InOrder);
    }

    [Fact]
    public async Task more_clients_than_allowed_are_refused()
    {
        var clients = new List<AdsClient>();
        for (var i = 0; i < MostClients; i++)
            clients.Add(await FollowAsync(_ => null));
        await XdsHarness.UntilAsync(() => _router.Control.Clients.Count == MostClients, Token);
        await using var another = AdsClient.Open(_router.Control.Address, _ => null, []);
        await another.Received.Completion.WaitAsync(Token);
        another.Ended.ShouldBe(Grpc.Core.StatusCode.ResourceExhausted);
        foreach (var client in clients)
            await client.DisposeAsync();
    }

    [Fact]
    public async Task streams_that_are_opened_and_cut_leave_nothing_behind()
    {
        await (await FollowAsync(_ => null)).DisposeAsync();
        var (threads, sockets) = (ProcessResources.Threads(), ProcessResources.Sockets());
        for (var i = 0; i < 1_000; i++)
        {
            await using var client = await FollowAsync(_ => null);
            await client.NextAsync(ResourceTypes.Route, Token);
            await XdsHarness.UntilAsync(() => _router.Control.Clients.Count < MostClients / 2, Token);
        }

        await XdsHarness.UntilAsync(() => _router.Control.Clients.Count == 0, Token);
        // Other tests of the process hold some of their own meanwhile; what 1,000 streams left would be far more.
        await XdsHarness.UntilAsync(() => ProcessResources.Threads() - threads < 150 && (ProcessResources.Sockets() - sockets ?? 0) < 150, Token);
    }

    private RouteCell Cell => _router.Cells.Single();

    private static RouteIntent Intent(int canary, long generation) => new("shop", generation, "stable", [new("stable", BasisPoints.All - canary), new("canary", canary)]);

    /// <summary>Whether a response says half and half.</summary>
    private static bool IsHalf(DiscoveryResponse response) => response.TypeUrl == ResourceTypes.Route
        && response.Resources.Select(r => r.Unpack<RouteConfiguration>()).Any(r => r.VirtualHosts[0].Routes[^1].Route_.WeightedClusters.Clusters.Any(c => c.Weight == 5_000));

    private Task<AdsClient> FollowAsync(Func<DiscoveryResponse, string?>? refuse) => AdsClient.FollowAsync(_router.Control.Address, refuse, Token);

    private async Task<PluginResult<RouteState>> ApplyAsync(RouteIntent intent) =>
        await _router.ApplyAsync(intent, ((PluginResult<RouteState>.Ok)await _router.ReadAsync("shop", Token)).Value.Revision, Token);

    private async Task VerifiedAsync(RouteIntent intent, PluginResult<RouteState>? applied)
    {
        if (applied is not null)
            applied.ShouldBeOfType<PluginResult<RouteState>.Ok>();
        Verification? last = null;
        for (var i = 0; i < 200 && (last = await _router.VerifyAsync(intent, Token)) is Verification.Pending or Verification.Unverifiable; i++)
            await Task.Delay(10, Token);
        last.ShouldBeOfType<Verification.Verified>();
    }
}
