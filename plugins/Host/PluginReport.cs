using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Delivery.Plugins.Measuring;
using Delivery.Plugins.Routing;

namespace Delivery.Plugins.Host;

/// <summary>What people are told about the plugins, and the check they can ask for.</summary>
public sealed class PluginReport(PluginHost host, TimeProvider time)
{
    /// <summary>All plugins, those without an instance too.</summary>
    public IReadOnlyList<PluginView> List() =>
        [.. host.Installed.Select(p => new PluginView(
            p.Manifest.Name, p.Manifest.Kind, p.Version, p.Manifest.Contract, OptionsSchema.Of(p.Entry.OptionsType),
            [.. host.Instances.Where(i => i.Plugin == p).Select(ViewOf)]))];

    /// <summary>Asks an instance's backend whether all is well; null when there is no such instance.</summary>
    public async Task<PluginCheck?> CheckAsync(string instance, CancellationToken cancellationToken)
    {
        if (host.Instance(instance) is not { } found)
            return null;
        var started = time.GetTimestamp();
        var findings = await FindAsync(found, cancellationToken);
        return new PluginCheck(instance, findings.Count == 0, findings, time.GetElapsedTime(started).TotalMilliseconds, found.Health.Status);
    }

    private static InstanceView ViewOf(PluginInstance instance) => new(
        instance.Name,
        instance.Health.Status,
        instance.Router?.Descriptor.Backend ?? instance.Source?.Descriptor.Backend,
        instance.Router?.Descriptor.Capabilities,
        instance.Router?.Descriptor.Routes,
        instance.Source?.Descriptor.Metrics,
        instance.Configuration);

    private static async Task<IReadOnlyList<PluginFinding>> FindAsync(PluginInstance instance, CancellationToken cancellationToken)
    {
        if (!instance.IsMade)
            return [new("instance", "Broken", instance.Health.Status.LastError ?? "it is not made yet")];
        if (instance.Router is { } router)
            return await RoutesAsync(router, cancellationToken);
        return instance.Source is not { } source ? [] : await source.CheckAsync(cancellationToken) switch
        {
            PluginResult<SourceCheck>.Ok ok => [.. ok.Value.Findings.Select(f => new PluginFinding(f.Field, "Finding", f.Accepted))],
            PluginResult<SourceCheck>.Failed failed => [new("backend", failed.Error.Kind.ToString(), failed.Error.Message)],
            _ => throw new UnreachableException(),
        };
    }

    private static async Task<IReadOnlyList<PluginFinding>> RoutesAsync(GuardedRouter router, CancellationToken cancellationToken)
    {
        var findings = new List<PluginFinding>();
        foreach (var route in router.Descriptor.Routes)
        {
            if (await router.ReadAsync(route.Name, cancellationToken) is PluginResult<RouteState>.Failed failed)
                findings.Add(new($"route {route.Name}", failed.Error.Kind.ToString(), failed.Error.Message));
        }

        return findings;
    }
}

/// <summary>A plugin.</summary>
/// <param name="Name">Its name in the configuration.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Version">Its own version.</param>
/// <param name="Contract">The contract's version it was built against.</param>
/// <param name="OptionsSchema">The JSON schema of its options.</param>
/// <param name="Instances">Its configured instances.</param>
public sealed record PluginView(string Name, string Kind, string Version, string Contract, JsonNode OptionsSchema, IReadOnlyList<InstanceView> Instances);

/// <summary>A configured instance.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Health">How it does.</param>
/// <param name="Backend">What is behind it.</param>
/// <param name="Capabilities">What it can do; routers.</param>
/// <param name="Routes">Its routes; routers.</param>
/// <param name="Metrics">Its metrics; metric sources.</param>
/// <param name="Configuration">Its options; secrets as references.</param>
public sealed record InstanceView(
    string Name,
    PluginStatus Health,
    string? Backend,
    RouterCapabilities? Capabilities,
    ImmutableArray<RouteDescription>? Routes,
    ImmutableArray<MetricDescription>? Metrics,
    JsonNode? Configuration);

/// <summary>How a check went.</summary>
/// <param name="Name">The instance.</param>
/// <param name="Ok">Whether nothing was found.</param>
/// <param name="Findings">What was found.</param>
/// <param name="Milliseconds">How long it took.</param>
/// <param name="Health">How it does since.</param>
public sealed record PluginCheck(string Name, bool Ok, IReadOnlyList<PluginFinding> Findings, double Milliseconds, PluginStatus Health);

/// <summary>Something that is not well.</summary>
/// <param name="Subject">What: a route, the backend, an option.</param>
/// <param name="Kind">The kind of error, or <c>Finding</c>.</param>
/// <param name="Message">For people.</param>
public sealed record PluginFinding(string Subject, string Kind, string Message);
