using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Delivery.Client;
using Delivery.EmbeddedPostgres;
using Delivery.Evaluation;
using Delivery.Testing;

namespace Delivery.Benchmarks.Client;

/// <summary>
/// From the commit of a kill to the last SDK instance that serves the off variant: the real server on Kestrel and a real
/// PostgreSQL, 50 connected SDKs on loopback, 100 kills. The limit is 100 ms at the 99th percentile.
/// Run: <c>dotnet run -c Release --project tests/Benchmarks -- kill-propagation</c>; it fails above the limit.
/// </summary>
/// <remarks>
/// The answer of <c>POST .../kill</c> proves the commit, but may reach the caller after the change reached the SDKs. So
/// both are printed: from the answer (not below 0), and from the sending of the request, which holds the command, its
/// transaction and fsync, too. Server and SDKs share one process and its cores, which is the harder case.
/// </remarks>
internal static class KillPropagation
{
    internal const string Name = "kill-propagation";
    private const int Clients = 50;
    private const int Kills = 100;
    private const double LimitMilliseconds = 100;
    private const string Flag = "/api/v1/flags/new-checkout";

    internal static async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        // The factory looks for the server's folder from a manifest that only test projects get; the server needs none.
        Environment.SetEnvironmentVariable("ASPNETCORE_TEST_CONTENTROOT_DELIVERY_SERVER", AppContext.BaseDirectory);
        await using var cluster = await PostgresCluster.StartAsync(new PostgresClusterOptions { Ephemeral = true }, cancellationToken);
        await using var server = new DeliveryServer(await cluster.EnsureDatabaseAsync("propagation", cancellationToken));
        server.UseKestrel(0);
        server.StartServer();
        using var admin = Admin(server);
        var key = await PrepareAsync(admin, cancellationToken);
        var watches = new List<Watch>();
        try
        {
            for (var i = 0; i < Clients; i++)
                watches.Add(await Watch.StartAsync(server.ClientOptions.BaseAddress, key, cancellationToken));
            return Print(await MeasureAsync(admin, watches, cancellationToken));
        }
        finally
        {
            foreach (var watch in watches)
                await watch.Client.DisposeAsync();
        }
    }

    private static HttpClient Admin(DeliveryServer server)
    {
        var http = server.CreateClient();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", DeliveryServer.AdminKey);
        return http;
    }

    private static async Task<string> PrepareAsync(HttpClient admin, CancellationToken cancellationToken)
    {
        var flag = new { key = "new-checkout", type = "boolean", environments = new { production = new { enabled = true, @default = new { variant = "on" } } } };
        (await admin.PostAsJsonAsync("/api/v1/flags", flag, cancellationToken)).EnsureSuccessStatusCode();
        var answer = await admin.PostAsJsonAsync("/api/v1/keys", new { name = "sdk", role = "server-sdk", environment = "production" }, cancellationToken);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("key").GetString()!;
    }

    private static async Task<List<(double FromAnswer, double FromRequest)>> MeasureAsync(HttpClient admin, List<Watch> watches, CancellationToken cancellationToken)
    {
        const int WarmUp = 10;
        var results = new List<(double, double)>();
        for (var i = 0; i < WarmUp + Kills; i++)
        {
            var off = Task.WhenAll(watches.Select(watch => watch.Expect(false)));
            var sent = Stopwatch.GetTimestamp();
            await SendAsync(admin, "kill", cancellationToken);
            var answered = Stopwatch.GetTimestamp();
            await off.WaitAsync(TimeSpan.FromSeconds(30), cancellationToken);
            var last = watches.Max(watch => watch.ChangedAt);
            if (i >= WarmUp)
                results.Add((Math.Max(0, Milliseconds(answered, last)), Milliseconds(sent, last)));
            var on = Task.WhenAll(watches.Select(watch => watch.Expect(true)));
            await SendAsync(admin, "restore", cancellationToken);
            await on.WaitAsync(TimeSpan.FromSeconds(30), cancellationToken);
        }

        return results;
    }

    private static async Task SendAsync(HttpClient admin, string verb, CancellationToken cancellationToken)
    {
        using var response = await admin.PostAsync($"{Flag}/environments/production/{verb}", content: null, cancellationToken);
        response.EnsureSuccessStatusCode();
    }

    private static int Print(List<(double FromAnswer, double FromRequest)> results)
    {
        var fromAnswer = Percentiles(results.Select(result => result.FromAnswer));
        var fromRequest = Percentiles(results.Select(result => result.FromRequest));
        Write($"{Kills} kills, {Clients} SDKs on loopback, to the last one serving the off variant");
        Write($"  from the answer to the kill:  p50 {fromAnswer.P50:F1} ms, p99 {fromAnswer.P99:F1} ms, most {fromAnswer.Most:F1} ms (limit p99 {LimitMilliseconds:F0} ms)");
        Write($"  from sending the kill:        p50 {fromRequest.P50:F1} ms, p99 {fromRequest.P99:F1} ms, most {fromRequest.Most:F1} ms");
        return fromAnswer.P99 <= LimitMilliseconds ? 0 : 1;
    }

    private static (double P50, double P99, double Most) Percentiles(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2], sorted[(int)Math.Ceiling(sorted.Length * 0.99) - 1], sorted[^1]);
    }

    private static double Milliseconds(long from, long to) => (to - from) * 1_000.0 / Stopwatch.Frequency;

    private static void Write(FormattableString line) => System.Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    /// <summary>One SDK, and when it last began to serve another value.</summary>
    private sealed class Watch
    {
        private static readonly EvaluationContext User = new("user-1");
        private TaskCompletionSource _done = new();
        private bool _expected;

        private Watch(DeliveryClient client)
        {
            Client = client;
            client.RulesetChanged += (_, _) => Look();
        }

        internal DeliveryClient Client { get; }

        internal long ChangedAt { get; private set; }

        internal static async Task<Watch> StartAsync(Uri server, string key, CancellationToken cancellationToken)
        {
            var client = new DeliveryClient(new DeliveryClientOptions { ServerUrl = server, Key = key, KeepRulesetOnDisk = false, ExposureQueueCapacity = 1_024, EventQueueCapacity = 1_024 });
            await client.StartAsync(cancellationToken);
            return new Watch(client);
        }

        internal Task Expect(bool value)
        {
            _expected = value;
            _done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _done.Task;
        }

        private void Look()
        {
            if (Client.EvaluateBoolean("new-checkout", User, !_expected) != _expected)
                return;
            ChangedAt = Stopwatch.GetTimestamp();
            _done.TrySetResult();
        }
    }
}
