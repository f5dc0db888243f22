using System.Collections.Immutable;
using System.Text.Json;
using Delivery.Plugins.Measuring;

namespace Delivery.Plugins.Prometheus;

/// <summary>Whether Prometheus is ready, scrapes its targets and knows the configured metrics and their labels.</summary>
internal sealed class SourceChecks(PrometheusClient client, PrometheusOptions options, TimeProvider time)
{
    /// <summary>How far back a metric's name is looked for.</summary>
    private static readonly TimeSpan Lately = TimeSpan.FromHours(1);

    public async ValueTask<PluginResult<SourceCheck>> CheckAsync(CancellationToken cancellationToken)
    {
        var ready = await client.ReadyAsync(cancellationToken).ConfigureAwait(false);
        if (ready is PluginResult<string>.Failed { Error: { Kind: not PluginErrorKind.NotFound } notReady })
            return notReady;
        var build = await client.GetAsync("api/v1/status/buildinfo", cancellationToken).ConfigureAwait(false);
        if (build is PluginResult<ApiAnswer>.Failed { Error: { Kind: not PluginErrorKind.NotFound } unknown })
            return unknown;
        var findings = ImmutableArray.CreateBuilder<Fault>();
        if (await TargetsAsync(findings, cancellationToken).ConfigureAwait(false) is { } failed)
            return failed;
        foreach (var (name, metric) in options.Metrics)
        {
            foreach (var (field, selector) in Selectors(metric))
            {
                if (await MetricAsync($"Metrics:{name}:{field}", selector, findings, cancellationToken).ConfigureAwait(false) is { } error)
                    return error;
            }
        }

        return new SourceCheck($"Prometheus {Version(build)}", findings.DrainToImmutable());
    }

    private static IEnumerable<(string Field, Selector Selector)> Selectors(PrometheusMetric metric) => metric.Shape == MetricShape.Counts
        ? [("Trials", Selector.Parse(metric.Trials!)!), ("Events", Selector.Parse(metric.Events!)!)]
        : [("Values", metric.Native ? Selector.Parse(metric.Values!)! : Selector.Parse(metric.Values!)!.Of("_bucket"))];

    /// <summary>Others that speak this API have no version and no targets to tell.</summary>
    private static string Version(PluginResult<ApiAnswer> build) =>
        build is PluginResult<ApiAnswer>.Ok { Value.Data: { ValueKind: JsonValueKind.Object } data } && data.TryGetProperty("version", out var version)
            ? version.ToString()
            : "API without a version";

    private async ValueTask<PluginError?> TargetsAsync(ImmutableArray<Fault>.Builder findings, CancellationToken cancellationToken)
    {
        switch (await client.GetAsync("api/v1/targets?state=active", cancellationToken).ConfigureAwait(false))
        {
            case PluginResult<ApiAnswer>.Failed { Error.Kind: PluginErrorKind.NotFound }:
                return null;
            case PluginResult<ApiAnswer>.Failed failed:
                return failed.Error;
            case PluginResult<ApiAnswer>.Ok { Value.Data: { ValueKind: JsonValueKind.Object } data } when data.TryGetProperty("activeTargets", out var targets) && targets.ValueKind == JsonValueKind.Array:
                findings.AddRange(targets.EnumerateArray().Where(t => Text(t, "health") == "down").Select(t => new Fault($"target {Text(t, "scrapeUrl")}", $"up; it is down: {Text(t, "lastError")}")));
                return null;
            default:
                return ApiAnswer.Nonsense("targets");
        }
    }

    private async ValueTask<PluginError?> MetricAsync(string field, Selector selector, ImmutableArray<Fault>.Builder findings, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var answer = await client.LabelsAsync(selector.Name, now - Lately, now, cancellationToken).ConfigureAwait(false);
        if (answer is PluginResult<ApiAnswer>.Failed failed)
            return failed.Error;
        var data = ((PluginResult<ApiAnswer>.Ok)answer).Value.Data;
        if (data.ValueKind != JsonValueKind.Array)
            return ApiAnswer.Nonsense("labels");
        var labels = data.EnumerateArray().Select(l => l.ToString()).ToHashSet();
        if (labels.Count == 0)
            findings.Add(new(field, $"a metric that has series; {selector.Name} had none in the last hour"));
        else if (selector.Labels.Where(l => !labels.Contains(l)).ToList() is { Count: > 0 } unknown)
            findings.Add(new(field, $"matchers on labels that {selector.Name} has: {string.Join(", ", labels.Order(StringComparer.Ordinal))}; it has no {string.Join(", ", unknown)}"));
        return null;
    }

    private static string Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.ToString() : "";
}
