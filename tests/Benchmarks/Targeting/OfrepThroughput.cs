using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Delivery.EmbeddedPostgres;
using Delivery.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Delivery.Benchmarks.Targeting;

/// <summary>
/// One flag over OFREP, rule and split, with a key, beside endpoints that check nothing and write the same bytes: one in the
/// same server (<c>ahead of all its steps</c>), and one in a Kestrel of its own with no telemetry. In turns, on loopback;
/// the best round of each counts, since what else the machine does only ever slows. A minute in all. Needs <c>wrk</c>.
/// Run: <c>dotnet run -c Release --project tests/Benchmarks -- ofrep</c>.
/// </summary>
internal static class OfrepThroughput
{
    public const string Name = "ofrep";
    private const int Rounds = 8;
    private const double Goal = 0.8;
    private const string Flag = "throughput";
    private const string Body = """{"context":{"targetingKey":"user-4711","country":"DE","age":42}}""";

    public static async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        // The factory looks for the server's folder from a manifest that only test projects get; the server needs none.
        Environment.SetEnvironmentVariable("ASPNETCORE_TEST_CONTENTROOT_DELIVERY_SERVER", AppContext.BaseDirectory);
        await using var database = await PostgresCluster.StartAsync(new PostgresClusterOptions { Ephemeral = true, FastUnsafe = true }, cancellationToken);
        var constant = new ConstantAnswer();
        await using var delivery = new DeliveryServer(await database.EnsureDatabaseAsync("ofrep", cancellationToken));
        await using var server = delivery.WithWebHostBuilder(web => web
            .UseSetting("Logging:LogLevel:Microsoft", "Warning")
            .ConfigureServices(services => services.AddSingleton<IStartupFilter>(constant)));
        server.UseKestrel(0);
        server.StartServer();
        var address = server.ClientOptions.BaseAddress;
        var (key, answer) = await PrepareAsync(server, cancellationToken);
        constant.Bytes = answer;
        await using var bare = Bare(constant);
        await bare.StartAsync(cancellationToken);

        var ours = new Load("OFREP, key, rule + split", new Uri(address, $"/ofrep/v1/evaluate/flags/{Flag}"), key);
        var inside = new Load("empty endpoint, same server", new Uri(address, ConstantAnswer.Path), null);
        var outside = new Load("empty endpoint, bare Kestrel", new Uri(new Uri(bare.Urls.Single()), ConstantAnswer.Path), null);
        Load[] all = [ours, inside, outside];
        foreach (var load in all)
            await load.RunAsync(Body, seconds: 3, cancellationToken);
        var rates = all.ToDictionary(load => load, _ => new List<double>());
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var load in all)
                rates[load].Add(await load.RunAsync(Body, seconds: 2, cancellationToken));
        }

        System.Console.WriteLine($"{answer.Length} bytes: {Encoding.UTF8.GetString(answer)}");
        foreach (var load in all)
            Say($"{load.Name,-30}{rates[load].Max(),10:F0} requests/s{Share(load),8:P0}  (rounds: {string.Join(", ", rates[load].Select(rate => rate.ToString("F0", CultureInfo.InvariantCulture)))})");
        var share = Ratio(inside);
        Say($"{(share >= Goal ? "holds" : "FAILS"),-7}OFREP: at least {Goal:P0} of the empty endpoint in the same server: {share:P1}; of a bare Kestrel: {Ratio(outside):P1}");
        return share >= Goal ? 0 : 1;

        double Share(Load load) => rates[load].Max() / rates[outside].Max();
        double Ratio(Load peer) => rates[ours].Max() / rates[peer].Max();
    }

    private static async Task<(string Key, byte[] Answer)> PrepareAsync(WebApplicationFactory<global::Program> server, CancellationToken cancellationToken)
    {
        using var http = server.CreateClient();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", DeliveryServer.AdminKey);
        using var flag = JsonDocument.Parse($$"""
            { "key": "{{Flag}}", "type": "boolean", "clientVisible": true, "environments": { "production": { "rules": [
              { "id": "half", "condition": { "attribute": "country", "operator": "in", "values": ["DE", "AT"] },
                "serve": { "split": { "salt": "salt", "weights": [ { "variant": "on", "weight": 1 }, { "variant": "off", "weight": 1 } ] } } } ] } } }
            """);
        (await http.PostAsJsonAsync("/api/v1/flags", flag.RootElement, cancellationToken)).EnsureSuccessStatusCode();
        using var issued = await http.PostAsJsonAsync("/api/v1/keys", new { name = "load", role = "client-sdk", environment = "production" }, cancellationToken);
        var key = (await issued.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("key").GetString()!;
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var evaluated = await http.PostAsync($"/ofrep/v1/evaluate/flags/{Flag}", new StringContent(Body, Encoding.UTF8, "application/json"), cancellationToken);
        return (key, await evaluated.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync(cancellationToken));
    }

    private static WebApplication Bare(ConstantAnswer constant)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapPost(ConstantAnswer.Path, (Microsoft.AspNetCore.Http.RequestDelegate)constant.AnswerAsync);
        return app;
    }

    private static void Say(FormattableString line) => System.Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
