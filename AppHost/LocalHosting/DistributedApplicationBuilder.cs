using System.Reflection;
using Aspire.Hosting.ApplicationModel;
using Delivery.LocalHosting.Running;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting;

internal sealed class DistributedApplicationBuilder : IDistributedApplicationBuilder
{
    private readonly HostApplicationBuilder _host;
    private readonly List<IResource> _resources = [];
    private readonly EntryPointRun? _entryPoint;

    public DistributedApplicationBuilder(string[] args, EntryPointRun? entryPoint)
    {
        _entryPoint = entryPoint;
        _host = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings
        {
            Args = args,
            ContentRootPath = AppContext.BaseDirectory,
            EnvironmentName = ConfiguredEnvironment() ?? Environments.Development,
        });
        var appHost = entryPoint?.Assembly ?? Assembly.GetEntryAssembly();
        AppHostDirectory = appHost?.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(one => one.Key == "AppHostProjectPath")?.Value
            ?? Directory.GetCurrentDirectory();
        _host.Logging.AddFilter("Microsoft", LogLevel.Warning);
        _host.Logging.AddFilter("System", LogLevel.Warning);
        // A resource that is starting fails its checks until it does not.
        _host.Logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);
        AddServices(_host.Services);
    }

    public ConfigurationManager Configuration => _host.Configuration;

    public string AppHostDirectory { get; }

    public IHostEnvironment Environment => _host.Environment;

    public IServiceCollection Services => _host.Services;

    public DistributedApplicationExecutionContext ExecutionContext { get; } = new();

    public IReadOnlyList<IResource> Resources => _resources;

    public IResourceBuilder<T> AddResource<T>(T resource)
        where T : IResource
    {
        if (_resources.Any(other => string.Equals(other.Name, resource.Name, StringComparison.OrdinalIgnoreCase)))
            throw new DistributedApplicationException($"There are two resources called '{resource.Name}'.");
        _resources.Add(resource);
        return CreateResourceBuilder(resource);
    }

    public IResourceBuilder<T> CreateResourceBuilder<T>(T resource)
        where T : IResource => new ResourceBuilder<T>(this, resource);

    public DistributedApplication Build()
    {
        _entryPoint?.PauseUntilBuildIsAsked(this);
        PortAllocation.Allocate(_resources);
        var application = new DistributedApplication(_host.Build(), _entryPoint);
        _entryPoint?.Report(application);
        return application;
    }

    private void AddServices(IServiceCollection services)
    {
        services.AddSingleton(_ => new DistributedApplicationModel(_resources));
        services.AddSingleton(_ => new ResourceNotificationService());
        services.AddSingleton(ExecutionContext);
        services.AddHttpClient();
        services.AddHealthChecks();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => new Terminal(
            Console.Out,
            provider.GetRequiredService<DistributedApplicationModel>().Resources.Select(resource => resource.Name),
            colours: !Console.IsOutputRedirected && System.Environment.GetEnvironmentVariable("NO_COLOR") is null));
        services.AddSingleton(RunRecord.ForThisProcess());
        services.AddSingleton(new RunnerOptions { Restart = Configuration.GetValue("Restart", defaultValue: true) });
        services.AddHostedService<LocalRunner>();
        services.Configure<HostOptions>(options => options.ShutdownTimeout = RunnerOptions.ShutdownTimeout);
    }

    private static string? ConfiguredEnvironment() =>
        System.Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT") ?? System.Environment.GetEnvironmentVariable("ASPNETCORE_ENVIRONMENT");
}
