using Delivery.Shop.Alerts;
using Delivery.Shop.Demo;
using Delivery.Shop.Storefront;

namespace Delivery.Shop.Deployments;

/// <summary>Plays the demo of deployments through the public API: a canary; when it has ended, blue/green; and tells what happens.</summary>
internal sealed class DeploymentRun(
    PublicApi api, ShopAddress shop, AlertInbox inbox, TimeProvider time, Persistence persistence) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var hook = new Uri(await shop.WhenListeningAsync(stoppingToken), AlertHook.Path);
        await persistence.UntilDoneAsync(() => api.SendAsync(HttpMethod.Put, $"/api/v1/teams/{DemoPlan.Team}", DemoPlan.TeamBody(hook, inbox.Secret), stoppingToken), stoppingToken);
        var narrator = new Narrator(DeploymentPlan.Keys, inbox);
        while (!narrator.Ended)
        {
            await persistence.UntilDoneAsync(() => LookAsync(narrator, stoppingToken), stoppingToken);
            await Task.Delay(Persistence.Look, time, stoppingToken);
        }
    }

    private async Task LookAsync(Narrator narrator, CancellationToken cancellationToken)
    {
        var releases = await api.ListAsync<Release>("/api/v1/rollouts", cancellationToken);
        narrator.Tell(releases);
        var canary = releases.FirstOrDefault(release => release.Key == DeploymentPlan.Canary);
        await StartAsync(canary, DeploymentPlan.Canary, DeploymentPlan.CanaryBody, cancellationToken);
        if (canary is { Ended: true })
            await StartAsync(releases.FirstOrDefault(release => release.Key == DeploymentPlan.BlueGreen), DeploymentPlan.BlueGreen, DeploymentPlan.BlueGreenBody, cancellationToken);
    }

    private async Task StartAsync(Release? release, string key, object body, CancellationToken cancellationToken)
    {
        if (release is null)
            await api.SendAsync(HttpMethod.Post, "/api/v1/rollouts", body, cancellationToken);
        if (release is null or { Status: "draft" })
            await api.SendAsync(HttpMethod.Post, $"/api/v1/rollouts/{key}/start", new { comment = "the demo starts it" }, cancellationToken);
    }
}
