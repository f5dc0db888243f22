using System.Collections.Immutable;
using System.Text;
using Delivery.LocalHosting.Running;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace AppHost.Tests.LocalHosting;

/// <summary>A platform of shell scripts, its terminal and its clock in the test's hands.</summary>
internal sealed class RunnerFixture : IAsyncDisposable
{
    private readonly TerminalLog _terminal = new();
    private DistributedApplication? _application;

    public RunnerFixture(params string[] args)
    {
        Builder = DistributedApplication.CreateBuilder(args);
        Builder.Services.AddSingleton<TimeProvider>(Clock);
        Builder.Services.AddSingleton(_ => new Terminal(_terminal, Builder.Resources.Select(one => one.Name), colours: false));
        Builder.Services.AddSingleton(new RunRecord(Directory.CreateDirectory(Path.Combine(Folder, "runs")).FullName));
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("delivery-tests-").FullName;

    public IDistributedApplicationBuilder Builder { get; }

    public FakeTimeProvider Clock { get; } = new();

    public IReadOnlyList<string> Lines => _terminal.Lines;

    /// <summary>Waits until the terminal shows this many lines that hold the text.</summary>
    public Task LineAsync(string text, int times = 1) => _terminal.WaitAsync(text, times);

    public ResourceNotificationService Notifications => _application!.ResourceNotifications;

    public IResourceBuilder<ExecutableResource> AddScript(string name, string script) => Builder.AddExecutable(name, "/bin/sh", Folder, "-c", script);

    public string PathOf(string file) => Path.Combine(Folder, file);

    public async Task<DistributedApplication> StartAsync()
    {
        _application = Builder.Build();
        await _application.StartAsync(TestContext.Current.CancellationToken);
        return _application;
    }

    public Task HealthyAsync(string name) => Notifications.WaitForResourceHealthyAsync(name, TestContext.Current.CancellationToken);

    public Task InStateAsync(string name, string state) =>
        Notifications.WaitForResourceAsync(name, now => now.Snapshot.State.Text == state, TestContext.Current.CancellationToken);

    /// <summary>Health that is a file's existence: the script says when it is ready.</summary>
    public IResourceBuilder<ExecutableResource> HealthyOnceFileExists(IResourceBuilder<ExecutableResource> resource, string file)
    {
        var key = $"{resource.Resource.Name}_file";
        Builder.Services.AddHealthChecks().AddCheck(key, () => File.Exists(PathOf(file))
            ? Microsoft.Extensions.Diagnostics.HealthChecks.HealthCheckResult.Healthy()
            : Microsoft.Extensions.Diagnostics.HealthChecks.HealthCheckResult.Unhealthy());
        return resource.WithHealthCheck(key);
    }

    public async ValueTask DisposeAsync()
    {
        if (_application is not null)
            await _application.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}

/// <summary>Keeps what is written and wakes who waits for it.</summary>
internal sealed class TerminalLog : TextWriter
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Lock _gate = new();
    private ImmutableList<string> _lines = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override Encoding Encoding => Encoding.UTF8;

    public IReadOnlyList<string> Lines => _lines;

    public override void WriteLine(string? value)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            _lines = _lines.Add(value ?? "");
            changed = _changed;
            _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.SetResult();
    }

    public async Task WaitAsync(string text, int times)
    {
        while (true)
        {
            var changed = _changed.Task;
            if (_lines.Count(line => line.Contains(text, StringComparison.Ordinal)) >= times)
                return;
            await changed.WaitAsync(Patience, TestContext.Current.CancellationToken);
        }
    }
}
