using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Delivery.LocalHosting.Running;

/// <summary>Starts every resource when those it waits for are healthy; stops them in the reverse order.</summary>
internal sealed class LocalRunner(
    DistributedApplicationModel model, ResourceNotificationService notifications, HealthCheckService health, Terminal terminal,
    RunRecord record, RunnerOptions options, TimeProvider time, IHostEnvironment environment, IHostApplicationLifetime lifetime) : IHostedService
{
    private readonly List<ResourceRun> _runs = [];

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (record.EndLeftOvers() is > 0 and var leftOvers)
            terminal.Say($"ended {leftOvers} process(es) that a killed run had left");
        var surroundings = new RunSurroundings(notifications, health, terminal, record, options, time, environment.EnvironmentName);
        foreach (var resource in model.Resources)
        {
            var run = new ResourceRun(resource, surroundings);
            _runs.Add(run);
            run.Begin(Fail);
        }

        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        foreach (var run in Enumerable.Reverse(_runs).ToList())
        {
            await run.DisposeAsync();
            _runs.Remove(run);
        }
    }

    private void Fail()
    {
        Environment.ExitCode = 1;
        lifetime.StopApplication();
    }
}
