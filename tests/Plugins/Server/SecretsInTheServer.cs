using System.Net.Http.Headers;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Routing;
using Delivery.Plugins.Tests.Hosting;
using Delivery.Testing;
using Mediator;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Delivery.Plugins.Tests.Server;

/// <summary>The whole server with a plugin that says its secret wherever it can: it is nowhere to be read.</summary>
public sealed class SecretsInTheServer(PostgresFixture postgres)
{
    private const string Secret = "hunter2-in-the-server";
    private const string Said = "the key *** is refused";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task a_secret_is_in_no_event_no_log_and_no_answer()
    {
        using var folder = new PluginFolder().With("talks", Sources.Router(
            read: "_context.Log.Write(PluginLogLevel.Warning, \"signs in with \" + _options.Password.Reveal()); return new PluginError(PluginErrorKind.Unauthorized, \"the key \" + _options.Password.Reveal() + \" is refused\");",
            options: "public Secret Password { get; set; }"));
        var (file, logged, database) = (Path.Combine(folder.Work, "password"), new LinesLogged(), await postgres.CreateDatabaseAsync("secrets"));
        await File.WriteAllTextAsync(file, Secret, Token);
        await using var plain = new DeliveryServer(database, settings: new Dictionary<string, string>
        {
            ["Delivery:Plugins:Folder"] = folder.Root,
            ["Delivery:Plugins:Instances:edge:Plugin"] = "talks",
            ["Delivery:Plugins:Instances:edge:Options:Password"] = $"secret:file:{file}",
        });
        await using var server = plain.WithWebHostBuilder(b => b.ConfigureServices(s => s.AddSingleton<ILoggerProvider>(logged)));
        using var admin = server.CreateClient();
        admin.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", DeliveryServer.AdminKey);
        var shift = new ShiftRoute(Audit.Platform("test", "test"), new RouteTraffic("edge", "shop", "stable", "canary", 1_000), "shop-2");
        await using (var scope = server.Services.CreateAsyncScope())
            (await scope.ServiceProvider.GetRequiredService<ISender>().Send(shift, Token)).ShouldBeOfType<Outcome.Done>();
        await Until.TrueAsync(async () => await EventsWithAsync(database, Said) > 0);

        using var check = await admin.PostAsync(new Uri("/api/v1/plugins/edge/check", UriKind.Relative), null, Token);
        var answers = await check.Content.ReadAsStringAsync(Token);
        answers.ShouldContain(Said);
        foreach (var path in new[] { "/api/v1/plugins", "/api/v1/events?limit=1000", "/api/v1/routes/edge:shop/events", "/metrics" })
            answers += await admin.GetStringAsync(new Uri(path, UriKind.Relative), Token);
        answers.ShouldContain($"secret:file:{file}", customMessage: "the reference may be seen");
        answers.ShouldNotContain(Secret);
        var lines = string.Concat(logged.Lines);
        lines.ShouldContain("signs in with ***");
        lines.ShouldContain(Said);
        lines.ShouldNotContain(Secret);
        (await EventsWithAsync(database, Secret)).ShouldBe(0);
    }

    private static async Task<long> EventsWithAsync(string database, string text)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync(Token);
        await using var command = new NpgsqlCommand("select count(*) from events.mt_events as e where strpos(e::text, $1) > 0", connection) { Parameters = { new() { Value = text } } };
        return (long)(await command.ExecuteScalarAsync(Token))!;
    }
}
