using Delivery.Plugins.Compliance;
using Delivery.Plugins.Routing;
using Microsoft.Extensions.Time.Testing;

namespace Delivery.Plugins.Tests.HAProxy;

/// <summary>Conversations with HAProxy that break off at each of their points: the error never claims more than is known.</summary>
public sealed class BrokenConversations : IAsyncLifetime
{
    /// <summary>The routers' clock: an exchange takes too long when the test says so, and never because the machine is slow.</summary>
    private readonly FakeTimeProvider _clock = new();
    private HAProxyHarness _harness = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>More than an exchange may take.</summary>
    private static TimeSpan Longest => TimeSpan.FromSeconds(61);

    public async ValueTask InitializeAsync() => _harness = await HAProxyHarness.StartAsync(Token);

    public async ValueTask DisposeAsync()
    {
        if (_harness is not null)
            await _harness.DisposeAsync();
    }

    [Theory]
    [InlineData("show stat", nameof(Way.CutBefore), PluginErrorKind.Unavailable, 0)]
    [InlineData("show stat", nameof(Way.Late), PluginErrorKind.Timeout, 0)]
    [InlineData("prepare map", nameof(Way.CutBefore), PluginErrorKind.Unavailable, 0)]
    [InlineData("prepare map", nameof(Way.CutAfter), PluginErrorKind.Unavailable, 0)]
    [InlineData("prepare map", nameof(Way.Late), PluginErrorKind.Timeout, 0)]
    [InlineData("commit map", nameof(Way.CutBefore), PluginErrorKind.OutcomeUnknown, 0)]
    [InlineData("commit map", nameof(Way.CutAfter), PluginErrorKind.OutcomeUnknown, 7_000)]
    [InlineData("commit map", nameof(Way.Late), PluginErrorKind.OutcomeUnknown, 7_000)]
    public async Task an_intent_that_breaks_off_says_what_is_known_and_can_be_applied_again(string at, string way, PluginErrorKind kind, int canary)
    {
        var broken = true;
        await using var between = new SocketBetween(_harness.HAProxy, line => broken && line.Contains(at, StringComparison.Ordinal) ? Enum.Parse<Way>(way) : Way.Open);
        var router = await RouterAsync(between.Path);
        var intent = Intent(7_000, 1);
        var seen = await ReadAsync();
        var applying = router.ApplyAsync(intent, seen.Revision, Token).AsTask();
        if (way == nameof(Way.Late))
        {
            await between.KeptBack.WaitAsync(Token);
            _clock.Advance(Longest);
        }

        (await applying).ShouldBeOfType<PluginResult<RouteState>.Failed>().Error.Kind.ShouldBe(kind);
        (await ReadAsync()).WeightOf("canary").ShouldBe(canary);

        broken = false;
        await UntilAppliedAsync(router, intent);
        (await router.VerifyAsync(intent, Token)).ShouldBeOfType<Verification.Verified>();
    }

    [Theory]
    [InlineData("prepare map", PluginErrorKind.Unavailable)]
    [InlineData("commit map", PluginErrorKind.OutcomeUnknown)]
    public async Task an_abort_that_breaks_off_fences_all_the_same(string at, PluginErrorKind kind)
    {
        var broken = false;
        await using var between = new SocketBetween(_harness.HAProxy, line => broken && line.Contains(at, StringComparison.Ordinal) ? Way.CutBefore : Way.Open);
        var router = await RouterAsync(between.Path);
        await UntilAppliedAsync(router, Intent(5_000, 1));
        broken = true;
        var order = new AbortOrder("shop", "stable", 3, AbortLevel.StopSticky);
        (await router.AbortAsync(order, Token)).ShouldBeOfType<PluginResult<RouteState>.Failed>().Error.Kind.ShouldBe(kind);

        broken = false;
        (await router.ApplyAsync(Intent(9_000, 2), (await ReadAsync()).Revision, Token)).ShouldBeOfType<PluginResult<RouteState>.Failed>().Error.Kind.ShouldBe(PluginErrorKind.Conflict);
        (await router.AbortAsync(order, Token)).ShouldBeOfType<PluginResult<RouteState>.Ok>().Value.WeightOf("canary").ShouldBe(0);
    }

    [Theory]
    [InlineData("Unknown command: 'show version', but maybe one of the following ones is a better match:\n\n", PluginErrorKind.Unsupported)]
    [InlineData("2.2.9-2\n\nadmin\n\n\n\n\n\n\n", PluginErrorKind.Unsupported)]
    [InlineData("2.8.3\n\noperator\n\n\n\n\n\n\n", PluginErrorKind.Unauthorized)]
    [InlineData("2.8.3\n\nadmin\n\n\n\n\n\n\n", PluginErrorKind.NotFound)]
    [InlineData("SSH-2.0-OpenSSH_9.2\n", PluginErrorKind.Internal)]
    [InlineData("", PluginErrorKind.Unavailable)]
    public async Task what_answers_at_the_socket_is_told_apart(string answer, PluginErrorKind kind)
    {
        var path = Path.Combine(_harness.HAProxy.Folder, "other.sock");
        await using var other = FaultyBackend.CutInTheMiddle(answer, new System.Net.Sockets.UnixDomainSocketEndPoint(path));
        var router = await RouterAsync(path);
        (await router.ReadAsync("shop", Token)).ShouldBeOfType<PluginResult<RouteState>.Failed>().Error.Kind.ShouldBe(kind);
    }

    private static RouteIntent Intent(int canary, long generation) => new("shop", generation, "stable", [new("stable", BasisPoints.All - canary), new("canary", canary)]);

    private Task<ITrafficRouter> RouterAsync(string socket) => HAProxyHarness.RouterAsync(HAProxyHarness.Options(socket, _harness.HAProxy.Map), Token, _clock);

    private async Task<RouteState> ReadAsync() => (await _harness.Router.ReadAsync("shop", Token)).ShouldBeOfType<PluginResult<RouteState>.Ok>().Value;

    /// <summary>As the host does it: a version that was begun and never committed is waited for, and then overtaken.</summary>
    private async Task UntilAppliedAsync(ITrafficRouter router, RouteIntent intent)
    {
        for (var i = 0; ; i++)
        {
            var result = await router.ApplyAsync(intent, (await ReadAsync()).Revision, Token);
            if (result is PluginResult<RouteState>.Ok)
                return;
            result.ShouldBeOfType<PluginResult<RouteState>.Failed>().Error.Retry.ShouldNotBe(Retryability.No);
            i.ShouldBeLessThan(5);
            _clock.Advance(Longest);
        }
    }
}
