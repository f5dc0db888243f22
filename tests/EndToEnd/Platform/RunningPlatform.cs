using System.Text.Json;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;

namespace Delivery.EndToEnd.Tests.Platform;

/// <summary>The state file, as AppHost promises it to whoever starts the platform from a program.</summary>
internal sealed record State(
    IReadOnlyDictionary<string, ResourceAddress> Resources, IReadOnlyDictionary<string, string> ConnectionStrings, string AdminKey);

internal sealed record ResourceAddress(Uri Url);

/// <summary>
/// The platform as <c>dotnet run --project AppHost</c> runs it: AppHost's own entry point, real processes, a real
/// PostgreSQL. The test learns from the state file alone where it is.
/// </summary>
internal sealed class RunningPlatform : IAsyncDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(4);

    private readonly DirectoryInfo _folder;
    private readonly IDistributedApplicationTestingBuilder _builder;
    private readonly DistributedApplication _app;

    private RunningPlatform(DirectoryInfo folder, IDistributedApplicationTestingBuilder builder, DistributedApplication app, State state)
    {
        (_folder, _builder, _app, State) = (folder, builder, app, state);
        Api = new Api(state.Resources["server"].Url, state.AdminKey);
        if (state.Resources.TryGetValue("shop", out var shop))
            Shop = new Api(shop.Url, key: null);
    }

    public State State { get; }

    public string StateFile => StateFileIn(_folder);

    public Uri ServerUrl => State.Resources["server"].Url;

    /// <summary>The public API, as the admin of this run.</summary>
    public Api Api { get; }

    /// <summary>The demo shop; null in a bare platform.</summary>
    public Api? Shop { get; }

    /// <param name="configure">Changes the description before anything starts.</param>
    public static async Task<RunningPlatform> StartAsync(
        string[] options, CancellationToken cancellationToken, Action<IDistributedApplicationTestingBuilder>? configure = null)
    {
        var folder = Directory.CreateTempSubdirectory("delivery-e2e-");
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(
            [.. options, $"--State:File={StateFileIn(folder)}"], cancellationToken);
        configure?.Invoke(builder);
        var app = await builder.BuildAsync(cancellationToken);
        try
        {
            await app.StartAsync(cancellationToken);
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            patience.CancelAfter(StartPatience);
            foreach (var resource in builder.Resources.OfType<ProjectResource>())
                await app.ResourceNotifications.WaitForResourceHealthyAsync(resource.Name, patience.Token);
            return new RunningPlatform(folder, builder, app, await ReadStateAsync(StateFileIn(folder), cancellationToken));
        }
        catch
        {
            await EndAsync(app, builder, folder);
            throw;
        }
    }

    /// <summary>Issues a key with the admin's, as whoever connects an application does.</summary>
    public async Task<string> IssueKeyAsync(string role, CancellationToken cancellationToken)
    {
        var issued = await Api.SendAsync(
            HttpMethod.Post, "/api/v1/keys", new { name = $"a test's {role}", role, environment = "production" }, cancellationToken);
        return issued.GetProperty("key").GetString()!;
    }

    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        Shop?.Dispose();
        await EndAsync(_app, _builder, _folder);
    }

    private static string StateFileIn(DirectoryInfo folder) => Path.Combine(folder.FullName, "state.json");

    private static async Task<State> ReadStateAsync(string file, CancellationToken cancellationToken)
    {
        await Eventually.HoldsAsync("the state file is written", TimeSpan.FromSeconds(30), () => Task.FromResult(File.Exists(file)), cancellationToken);
        return JsonSerializer.Deserialize<State>(await File.ReadAllTextAsync(file, cancellationToken), Api.Json)!;
    }

    private static async Task EndAsync(DistributedApplication app, IDistributedApplicationTestingBuilder builder, DirectoryInfo folder)
    {
        await app.StopAsync(CancellationToken.None);
        await app.DisposeAsync();
        await builder.DisposeAsync();
        folder.Delete(recursive: true);
    }
}
