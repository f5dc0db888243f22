using Delivery.Client;

namespace Delivery.Shop.Demo;

internal static class DemoSetup
{
    /// <summary>
    /// Gets the shop its SDK key with the platform's admin key, before anything that needs it is built, and plays the
    /// demo once the shop listens. Without an admin key the shop is configured like any other application.
    /// </summary>
    internal static async Task AddDemoAsync(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<DemoOptions>().BindConfiguration(DemoOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        if (builder.Configuration["Delivery:AdminKey"] is not { Length: > 0 } adminKey)
            return;
        var server = new Uri(builder.Configuration["Delivery:ServerUrl"]
            ?? throw new InvalidOperationException("Delivery:ServerUrl is the address of the Delivery server; it is missing."));
        var api = new PublicApi(server, adminKey);
        builder.Services.AddSingleton(api);
        var releases = await api.ListAsync<Release>("/api/v1/rollouts", CancellationToken.None);
        builder.Services.AddSingleton(ChooseKeys(releases, builder.Configuration.GetValue<bool>($"{DemoOptions.Section}:Repeat")));
        var key = await IssueKeyAsync(api);
        builder.Services.Configure<DeliveryClientOptions>(options =>
        {
            options.ServerUrl = server;
            options.Key = key;
            // The key is this run's, and without the server there is none: a ruleset on disk would have no reader.
            options.KeepRulesetOnDisk = false;
        });
        builder.Services.AddSingleton<Persistence>();
        builder.Services.AddHostedService<DemoRun>();
    }

    /// <summary>The present run of the demo; the next one if that has ended and it shall be repeated.</summary>
    internal static ReleaseKeys ChooseKeys(IReadOnlyList<Release> releases, bool repeat)
    {
        var keys = new ReleaseKeys();
        while (releases.Any(release => new ReleaseKeys(keys.Number + 1).All.Contains(release.Key)))
            keys = new ReleaseKeys(keys.Number + 1);
        var mine = releases.Where(release => keys.All.Contains(release.Key)).ToList();
        return repeat && mine.Count == keys.All.Count && mine.TrueForAll(release => release.Ended) ? new ReleaseKeys(keys.Number + 1) : keys;
    }

    /// <summary>A secret is shown once, so each start issues a key, and revokes those of the starts before.</summary>
    private static async Task<string> IssueKeyAsync(PublicApi api)
    {
        var earlier = await api.ListAsync<ListedKey>("/api/v1/keys", CancellationToken.None);
        var issued = await api.SendAsync(HttpMethod.Post, "/api/v1/keys", DemoPlan.KeyBody, CancellationToken.None);
        foreach (var key in earlier.Where(key => key is { Name: DemoPlan.KeyName, Role: "server-sdk", RevokedAt: null }))
            await api.SendAsync(HttpMethod.Delete, $"/api/v1/keys/{key.Id}", body: null, CancellationToken.None);
        return issued.GetProperty("key").GetString()!;
    }
}
