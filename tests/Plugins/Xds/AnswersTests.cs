using System.Net;
using System.Net.Sockets;
using System.Text;
using Delivery.Plugins.Compliance;
using Delivery.Plugins.Routing;
using Delivery.Plugins.Xds;
using Delivery.Plugins.Xds.Wire;

namespace Delivery.Plugins.Tests.Xds;

/// <summary>What clients say decides: taken, refused, nothing.</summary>
public sealed class AnswersTests : IAsyncLifetime
{
    private const int MostClients = 20;

    private readonly XdsOptions _options = XdsHarness.Options("127.0.0.1:1", "127.0.0.1:2");
    private XdsRouter _router = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _options.MostClients = MostClients;
        _router = await XdsHarness.RouterAsync(_options, Token);
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
        await Until.TrueAsync(() => _router.Control.Clients.Of(Cell).Clients == 2);
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
        _options.AnswerSeconds = 0.1;
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
        _options.AnswerSeconds = 0.1;
        await using var client = await FollowAsync(null);
        var first = await client.NextAsync(ResourceTypes.Route, Token);
        var applying = ApplyAsync(Intent(5_000, 1));
        var second = await client.NextAsync(ResourceTypes.Route, Token);
        await client.SendAsync(ResourceTypes.Route, first.Nonce, "too late", Token);
        await applying;
        (await _router.VerifyAsync(Intent(5_000, 1), Token)).ShouldBeOfType<Verification.Pending>();
        await client.SendAsync(ResourceTypes.Route, second.Nonce, "not this one", Token);
        await Until.TrueAsync(() => _router.Control.Clients.Of(Cell).Refusals.Length == 1);
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
        await Until.TrueAsync(() => _router.Control.Clients.Count == MostClients);
        await using var another = AdsClient.Open(_router.Control.Address, _ => null, []);
        await another.Received.Completion.WaitAsync(Token);
        another.Ended.ShouldBe(Grpc.Core.StatusCode.ResourceExhausted);
        foreach (var client in clients)
            await client.DisposeAsync();
    }

    [Theory]
    [InlineData("\u0001\u0002 lorem ipsum dolor sit amet {]\n\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: mesh\r\n\r\n")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nlorem ipsum")]
    public async Task clients_that_talk_nonsense_are_closed_and_take_nothing_from_the_others(string nonsense)
    {
        await using var client = await FollowAsync(_ => null);
        await LeftOvers.NoneAfterRepeatsAsync(
            async token =>
            {
                using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(IPAddress.Loopback, _router.Control.Address.Port, token);
                // Longer than HTTP/2's preface of 24 bytes: less of it might still become one.
                await socket.SendAsync(Encoding.ASCII.GetBytes(nonsense), token);
                await UntilClosedAsync(socket, token).WaitAsync(TimeSpan.FromMinutes(1), token);
            },
            silent: false,
            Token);
        await VerifiedAsync(Intent(5_000, 1), await ApplyAsync(Intent(5_000, 1)));
        _router.Control.Clients.Count.ShouldBe(1);
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
            await Until.TrueAsync(() => _router.Control.Clients.Count < MostClients / 2);
        }

        await Until.TrueAsync(() => _router.Control.Clients.Count == 0);
        // Other tests of the process hold some of their own meanwhile; what 1,000 streams left would be far more.
        await Until.TrueAsync(() => ProcessResources.Threads() - threads < 250 && (ProcessResources.Sockets() - sockets ?? 0) < 250);
    }

    private static async Task UntilClosedAsync(Socket socket, CancellationToken cancellationToken)
    {
        try
        {
            var answer = new byte[1_024];
            while (await socket.ReceiveAsync(answer, cancellationToken) > 0)
            {
                // An answer before the end: a status, or why it ends.
            }
        }
        catch (SocketException)
        {
            return; // Closed over what was not read.
        }
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
        await Until.TrueAsync(async () => await _router.VerifyAsync(intent, Token) is not (Verification.Pending or Verification.Unverifiable));
        (await _router.VerifyAsync(intent, Token)).ShouldBeOfType<Verification.Verified>();
    }
}
