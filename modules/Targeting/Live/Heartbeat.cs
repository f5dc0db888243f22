using Microsoft.Extensions.Hosting;

namespace Delivery.Targeting.Live;

/// <summary>A comment on every open stream every ten seconds: a dead connection shows itself, a proxy keeps a live one.</summary>
internal sealed class Heartbeat(LiveRulesets live, TimeProvider time) : BackgroundService
{
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            foreach (var environment in live.Environments)
                environment.Publish(Frame.Heartbeat);
        }
    }
}
