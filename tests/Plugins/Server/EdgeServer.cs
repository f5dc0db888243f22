using System.Net.Http.Json;
using System.Text.Json;
using Delivery.Plugins.Tests.Hosting;
using Delivery.Testing;
using Mediator;
using Microsoft.Extensions.DependencyInjection;

namespace Delivery.Plugins.Tests.Server;

/// <summary>The whole server with the embedded proxy from its folder, two deployments behind it, and a metric source in the test's hands.</summary>
public sealed class EdgeServer(PostgresFixture postgres) : IAsyncLifetime
{
    private readonly PluginFolder _folder = new();
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseCookies = false });
    private ArmService _stable = null!;
    private ArmService _canary = null!;
    private Uri _at = null!;

    public HttpClient Admin { get; private set; } = null!;
    public DeliveryServer Server { get; private set; } = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _folder.Copy("Yarp", BuiltPlugins.FolderOf("Yarp")).With("counts", Sources.Counts, PluginKinds.MetricSource).With("answers", Sources.Answers, PluginKinds.MetricSource);
        _stable = await ArmService.StartAsync("stable", Token);
        _canary = await ArmService.StartAsync("canary", Token);
        const string Options = "Delivery:Plugins:Instances:edge:Options";
        Server = new DeliveryServer(await postgres.CreateDatabaseAsync("edge"), settings: new Dictionary<string, string>
        {
            ["Delivery:Plugins:Folder"] = _folder.Root,
            ["Delivery:Plugins:Instances:numbers:Plugin"] = "counts",
            ["Delivery:Plugins:Instances:told:Plugin"] = "answers",
            ["Delivery:Routing:AskEverySeconds"] = "0.2",
            ["Delivery:Plugins:Instances:edge:Plugin"] = "yarp",
            [$"{Options}:Listen:0"] = "http://127.0.0.1:0",
            [$"{Options}:Routes:shop:Arms:stable"] = _stable.Address.ToString(),
            [$"{Options}:Routes:shop:Arms:canary"] = _canary.Address.ToString(),
            [$"{Options}:Routes:cart:Path"] = "/cart",
            [$"{Options}:Routes:cart:Arms:stable"] = _stable.Address.ToString(),
            [$"{Options}:Routes:cart:Arms:canary"] = _canary.Address.ToString(),
            // Longer than any test waits: what goes on beside a call that hangs does not wait for it.
            ["Delivery:Plugins:ReadSeconds"] = "600",
            ["Delivery:Routing:LookEverySeconds"] = "0.2",
            ["Rollouts:LookEverySeconds"] = "0.2",
        });
        Admin = Server.Admin();
        var plugins = await Admin.GetFromJsonAsync<JsonElement>("/api/v1/plugins", Token);
        var edge = plugins.GetProperty("items").EnumerateArray().Single(p => p.GetProperty("name").GetString() == "yarp").GetProperty("instances")[0];
        _at = new Uri(edge.GetProperty("backend").GetString()!.Split(' ')[^1]);
    }

    /// <summary>How many of these requests the canary answers.</summary>
    public async Task<int> CanariesAsync(int requests = 200, string path = "/")
    {
        var canaries = 0;
        for (var i = 0; i < requests; i++)
        {
            if (await _client.GetStringAsync(new Uri(_at, path), Token) == "canary")
                canaries++;
        }

        return canaries;
    }

    /// <summary>Asks a module.</summary>
    public async Task<T> AskAsync<T>(IRequest<T> request)
    {
        await using var scope = Server.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<ISender>().Send(request, Token);
    }

    /// <summary>Tells a module.</summary>
    public async Task<T> TellAsync<T>(ICommand<T> command)
    {
        await using var scope = Server.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<ISender>().Send(command, Token);
    }

    public Task<JsonElement> UntilAsync(string path, Func<JsonElement, bool> condition) => Admin.UntilAsync(path, condition);

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await Server.DisposeAsync();
        await _stable.DisposeAsync();
        await _canary.DisposeAsync();
        _folder.Dispose();
    }
}
