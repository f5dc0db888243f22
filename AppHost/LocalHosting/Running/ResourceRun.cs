using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Delivery.LocalHosting.Running;

/// <summary>What the runs of all resources share.</summary>
internal sealed record RunSurroundings(
    ResourceNotificationService Notifications, HealthCheckService Health, Terminal Terminal, RunRecord Record,
    RunnerOptions Options, TimeProvider Time, string EnvironmentName);

/// <summary>One resource from waiting to its end, its restarts included.</summary>
internal sealed class ResourceRun(IResource resource, RunSurroundings surroundings) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private ChildProcess? _process;
    private Task _run = Task.CompletedTask;
    private bool _wasHealthy;

    private string Name => resource.Name;

    /// <param name="onFailure">Called once when the resource does not come up at all.</param>
    public void Begin(Action onFailure) => _run = RunAsync(onFailure);

    /// <summary>Stops the process, if there is one, and ends the run.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        if (_process is { } process && !await process.StopAsync(surroundings.Options.StopPatience))
            surroundings.Terminal.Say($"{Name} did not stop within {surroundings.Options.StopPatience.TotalSeconds:0} s and was killed");
        await _run;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task RunAsync(Action onFailure)
    {
        try
        {
            Publish(KnownResourceStates.Waiting);
            foreach (var dependency in Dependencies())
                await surroundings.Notifications.WaitForResourceHealthyAsync(dependency.Name, _stop.Token);
            await RunOnceReadyAsync();
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            Publish(KnownResourceStates.Finished);
        }
#pragma warning disable CA1031 // Whatever keeps a resource from starting is said and ends the run; nobody awaits this task before.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            surroundings.Terminal.Say($"{Name} can't be started: {exception.Message}");
            Publish(KnownResourceStates.FailedToStart);
            onFailure();
        }
    }

    private IEnumerable<IResource> Dependencies() =>
        resource.Annotations.OfType<WaitAnnotation>().Select(wait => wait.Resource)
            .Concat(resource is IResourceWithParent child ? [child.Parent] : []);

    private async Task RunOnceReadyAsync()
    {
        if (resource is not (ExecutableResource or ProjectResource))
        {
            // It has no process: a value, or a part of another resource.
            await BecomeHealthyAsync(_stop.Token);
            return;
        }

        for (var crashes = 1; ; crashes++)
        {
            var started = surroundings.Time.GetTimestamp();
            var exitCode = await RunProcessAsync();
            Publish(KnownResourceStates.Exited, exitCode: exitCode);
            if (!_wasHealthy)
                throw new InvalidOperationException($"it ended with exit code {exitCode} before it was healthy");
            if (exitCode == 0 || !surroundings.Options.Restart)
            {
                surroundings.Terminal.Say($"{Name} ended with exit code {exitCode} and is not started again");
                return;
            }

            if (surroundings.Time.GetElapsedTime(started) >= RestartBackoff.Recovery)
                crashes = 1;
            var pause = RestartBackoff.After(crashes);
            surroundings.Terminal.Say($"{Name} crashed with exit code {exitCode}; it starts again in {pause.TotalSeconds:0} s");
            await Task.Delay(pause, surroundings.Time, _stop.Token);
        }
    }

    /// <returns>The exit code; never returns after a stop was asked for.</returns>
    private async Task<int> RunProcessAsync()
    {
        Publish(KnownResourceStates.Starting);
        var command = await ResourceCommand.OfAsync(resource, surroundings.EnvironmentName, _stop.Token);
        using var process = ChildProcess.Start(command, line => surroundings.Terminal.Write(Name, line));
        _process = process;
        surroundings.Record.Add(process);
        try
        {
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            var health = BecomeHealthyAsync(ended.Token);
            await process.WaitForExitAsync(CancellationToken.None);
            await ended.CancelAsync();
            await health.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
        finally
        {
            _process = null;
            surroundings.Record.Remove(process);
        }

        _stop.Token.ThrowIfCancellationRequested();
        return process.ExitCode;
    }

    private async Task BecomeHealthyAsync(CancellationToken cancellationToken)
    {
        Publish(KnownResourceStates.Running);
        var keys = resource.Annotations.OfType<HealthCheckAnnotation>().Select(check => check.Key).ToHashSet();
        while (keys.Count > 0
            && (await surroundings.Health.CheckHealthAsync(check => keys.Contains(check.Name), cancellationToken)).Status != HealthStatus.Healthy)
            await Task.Delay(surroundings.Options.HealthInterval, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        _wasHealthy = true;
        Publish(KnownResourceStates.Running, HealthStatus.Healthy);
    }

    private void Publish(string state, HealthStatus? health = null, int? exitCode = null) =>
        surroundings.Notifications.Publish(resource, state, health, exitCode);
}
