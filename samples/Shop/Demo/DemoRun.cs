using Delivery.Shop.Alerts;
using Delivery.Shop.Storefront;
using Microsoft.Extensions.Options;

namespace Delivery.Shop.Demo;

/// <summary>Plays the demo: sets up team, flags and rollouts through the public API, starts them, and tells what happens.</summary>
internal sealed class DemoRun(
    PublicApi api, ReleaseKeys keys, IOptions<DemoOptions> options, ShopAddress shop, AlertInbox inbox, TimeProvider time, Persistence persistence)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var address = await shop.WhenListeningAsync(stoppingToken);
        await persistence.UntilDoneAsync(() => SetUpAsync(new Uri(address, AlertHook.Path), stoppingToken), stoppingToken);
        var narrator = new Narrator(keys.All, inbox);
        while (!narrator.Ended)
        {
            await persistence.UntilDoneAsync(async () => narrator.Tell(await api.ListAsync<Release>("/api/v1/rollouts", stoppingToken)), stoppingToken);
            await Task.Delay(Persistence.Look, time, stoppingToken);
        }
    }

    private async Task SetUpAsync(Uri hook, CancellationToken cancellationToken)
    {
        await api.SendAsync(HttpMethod.Put, $"/api/v1/teams/{DemoPlan.Team}", DemoPlan.TeamBody(hook, inbox.Secret), cancellationToken);
        foreach (var key in keys.All)
        {
            if (!await api.ExistsAsync($"/api/v1/flags/{key}", cancellationToken))
                await api.SendAsync(HttpMethod.Post, "/api/v1/flags", DemoPlan.FlagBody(key), cancellationToken);
            if (!await api.ExistsAsync($"/api/v1/rollouts/{key}", cancellationToken))
                await api.SendAsync(HttpMethod.Post, "/api/v1/rollouts", DemoPlan.RolloutBody(key, options.Value), cancellationToken);
        }

        var releases = await api.ListAsync<Release>("/api/v1/rollouts", cancellationToken);
        foreach (var draft in releases.Where(release => keys.All.Contains(release.Key) && release.Status == "draft"))
            await api.SendAsync(HttpMethod.Post, $"/api/v1/rollouts/{draft.Key}/start", new { comment = "the demo starts it" }, cancellationToken);
    }
}
