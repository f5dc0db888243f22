using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Delivery.Plugins;
using Delivery.Plugins.HAProxy;
using Delivery.Plugins.Routing;
using Delivery.Plugins.Tests;
using Delivery.Plugins.Tests.HAProxy;
using Delivery.Plugins.Tests.Xds;
using Delivery.Plugins.Xds;
using Delivery.Plugins.Yarp;
using Delivery.Testing.Node;

namespace Delivery.Benchmarks.Routing;

/// <summary>
/// From the command to its effect: <c>ApplyAsync</c> is called, and the first request that is answered by the other arm ends the
/// time. 1,000 changes from 0 to 100 % and back under load, on YARP, on a real HAProxy and on a proxyless gRPC client over xDS; not one request may be lost.
/// Run: <c>dotnet run -c Release --project tests/Benchmarks -- route-effect</c>; it fails when a request was lost.
/// </summary>
/// <remarks>
/// Routers, both deployments, the load and the client that looks share the machine's cores. The gRPC client is a Node process that
/// is asked over a pipe: its time has that in it.
/// </remarks>
internal static class RouteEffect
{
    internal const string Name = "route-effect";
    private const int WarmUp = 100;
    private const int Changes = 1_000;
    private const int Senders = 2;

    internal static async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        await using var stable = await ArmService.StartAsync("stable", cancellationToken);
        await using var canary = await ArmService.StartAsync("canary", cancellationToken);
        var yarp = await YarpAsync(stable, canary, cancellationToken);
        Print("YARP (in this process)", yarp);
        var xds = await NodePackages.WhyMissingAsync() is not null ? null : await XdsAsync(cancellationToken);
        if (xds is not null)
            Print("xDS (proxyless gRPC, grpc-js)", xds);
        else
            System.Console.WriteLine("Node.js or its packages are missing: xDS is not measured.");
        if (HAProxyProcess.Find() is not { } program)
        {
            System.Console.WriteLine("HAProxy is not installed (apt-get install haproxy): not measured.");
            return yarp.Lost + (xds?.Lost ?? 0) == 0 ? 0 : 1;
        }

        var haproxy = await HAProxyAsync(program, stable, canary, cancellationToken);
        Print("HAProxy (runtime API, Unix socket)", haproxy);
        System.Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"HAProxy : YARP  p50 {haproxy.Effect.P50 / yarp.Effect.P50:0.0} : 1, p99 {haproxy.Effect.P99 / yarp.Effect.P99:0.0} : 1"));
        return yarp.Lost + haproxy.Lost + (xds?.Lost ?? 0) == 0 ? 0 : 1;
    }

    private static async Task<Measured> YarpAsync(ArmService stable, ArmService canary, CancellationToken cancellationToken)
    {
        var options = new YarpOptions
        {
            Listen = [new Uri("http://127.0.0.1:0")],
            Routes = { ["shop"] = new YarpRoute { Arms = { ["stable"] = stable.Address, ["canary"] = canary.Address } } },
        };
        var router = await RouterAsync(new YarpPlugin(), options, cancellationToken);
        await using var proxy = (IAsyncDisposable)router;
        using var client = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = new Uri(router.Descriptor.Backend.Split(' ')[^1]) };
        return await MeasureAsync(router, () => GetAsync(client, cancellationToken), cancellationToken);
    }

    private static async Task<Measured> HAProxyAsync(string program, ArmService stable, ArmService canary, CancellationToken cancellationToken)
    {
        var example = Path.Combine(AppContext.BaseDirectory, "example.cfg");
        await using var haproxy = await HAProxyProcess.StartAsync(program, example, stable.Address, canary.Address, cancellationToken);
        var options = new HAProxyOptions
        {
            Address = haproxy.Socket,
            Routes = { ["shop"] = new HAProxyRoute { Map = haproxy.Map, Arms = { ["stable"] = "shop-stable", ["canary"] = "shop-canary" } } },
        };
        using var client = haproxy.Client();
        return await MeasureAsync(await RouterAsync(new HAProxyPlugin(), options, cancellationToken), () => GetAsync(client, cancellationToken), cancellationToken);
    }

    private static async Task<Measured> XdsAsync(CancellationToken cancellationToken)
    {
        await using var stable = await GrpcArm.StartAsync("stable", cancellationToken);
        await using var canary = await GrpcArm.StartAsync("canary", cancellationToken);
        var options = new XdsOptions
        {
            Listen = new Uri("http://127.0.0.1:0"),
            Routes = { ["shop"] = new XdsRoute { Arms = { ["stable"] = [stable.Endpoint], ["canary"] = [canary.Endpoint] } } },
        };
        var router = await RouterAsync(new XdsPlugin(), options, cancellationToken);
        await using var control = (IAsyncDisposable)router;
        await using var peer = LinePeer.Node();
        var server = new Uri(router.Descriptor.Backend.Split(' ')[^1]).Authority;
        await peer.AskAsync(new JsonObject { ["open"] = "shop", ["server"] = server, ["target"] = "shop" }, cancellationToken);
        return await MeasureAsync(router, async () => (string?)(await peer.AskAsync(new JsonObject { ["call"] = "shop" }, cancellationToken))["arm"], cancellationToken);
    }

    private static async Task<ITrafficRouter> RouterAsync(IPlugin plugin, object options, CancellationToken cancellationToken) =>
        (ITrafficRouter)await plugin.CreateAsync(options, new PluginContext("edge", TimeProvider.System, new NoLog()), cancellationToken);

    private static async Task<Measured> MeasureAsync(ITrafficRouter router, Func<Task<string?>> send, CancellationToken cancellationToken)
    {
        var (sent, lost, answered, effect) = (0L, 0L, new List<double>(), new List<double>());
        using var end = new CancellationTokenSource();
        var load = Enumerable.Range(0, Senders).Select(_ => Task.Run(() => LoadAsync(), cancellationToken)).ToList();
        for (var i = 1; i <= WarmUp + Changes; i++)
        {
            var wanted = i % 2 == 1 ? "canary" : "stable";
            var state = Value(await router.ReadAsync("shop", cancellationToken));
            var weight = wanted == "canary" ? BasisPoints.All : 0;
            var intent = new RouteIntent("shop", i, "stable", [new("stable", BasisPoints.All - weight), new("canary", weight)]);
            var seen = Task.Run(() => SeenAsync(wanted), cancellationToken);
            var commanded = Stopwatch.GetTimestamp();
            Value(await router.ApplyAsync(intent, state.Revision, cancellationToken));
            var done = Stopwatch.GetTimestamp();
            var seenAt = await seen;
            if (i <= WarmUp)
                continue;
            answered.Add(Stopwatch.GetElapsedTime(commanded, done).TotalMilliseconds);
            effect.Add(Stopwatch.GetElapsedTime(commanded, seenAt).TotalMilliseconds);
        }

        await end.CancelAsync();
        await Task.WhenAll(load);
        return new Measured(Percentiles.Of(answered), Percentiles.Of(effect), sent, lost);

        async Task LoadAsync()
        {
            while (!end.IsCancellationRequested)
                await SendAsync();
        }

        async Task<long> SeenAsync(string wanted)
        {
            while (await SendAsync() != wanted)
                cancellationToken.ThrowIfCancellationRequested();
            return Stopwatch.GetTimestamp();
        }

        async Task<string?> SendAsync()
        {
            Interlocked.Increment(ref sent);
            if (await send() is ("stable" or "canary") and var arm)
                return arm;
            Interlocked.Increment(ref lost);
            return null;
        }
    }

    /// <summary>What answered; null for every answer that is none of an arm.</summary>
    private static async Task<string?> GetAsync(HttpClient client, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await client.GetAsync(new Uri("/", UriKind.Relative), cancellationToken);
            return answer.IsSuccessStatusCode ? await answer.Content.ReadAsStringAsync(cancellationToken) : null;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    private static RouteState Value(PluginResult<RouteState> result) => result switch
    {
        PluginResult<RouteState>.Ok ok => ok.Value,
        PluginResult<RouteState>.Failed failed => throw new InvalidOperationException($"{failed.Error.Kind}: {failed.Error.Message}"),
        _ => throw new UnreachableException(),
    };

    private static void Print(string router, Measured m) => System.Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{router}: {Changes} changes; to the effect p50 {m.Effect.P50:0.00} ms, p99 {m.Effect.P99:0.00} ms; to the router's answer p50 {m.Answered.P50:0.00} ms, p99 {m.Answered.P99:0.00} ms; {m.Sent} requests, {m.Lost} lost"));

    private sealed record Measured(Percentiles Answered, Percentiles Effect, long Sent, long Lost);

    private sealed record Percentiles(double P50, double P99)
    {
        public static Percentiles Of(List<double> values)
        {
            var sorted = values.Order().ToList();
            return new Percentiles(sorted[sorted.Count / 2], sorted[(int)(sorted.Count * 0.99)]);
        }
    }

    private sealed class NoLog : IPluginLog
    {
        public void Write(PluginLogLevel level, string message)
        {
        }
    }
}
