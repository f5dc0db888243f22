using Delivery.Plugins.Measuring;

namespace Delivery.Plugins.Host;

/// <summary>A plugin's metric source behind the guard.</summary>
internal sealed class GuardedMetricSource(
    IMetricSource inner, MetricSourceDescriptor descriptor, Guard guard, PluginHealth health, Redaction redaction, Deadlines deadlines) : IMetricSource
{
    /// <summary>Asked once, when the port was made: it is constant.</summary>
    public MetricSourceDescriptor Descriptor { get; } = descriptor;

    public async ValueTask<PluginResult<SourceCheck>> CheckAsync(CancellationToken cancellationToken)
    {
        var (result, error) = await guard.CallAsync("check", CallKind.Read, deadlines.Read, inner.CheckAsync, cancellationToken);
        return result is null ? error! : Told("check", result);
    }

    public PluginResult<NativeQuery> Explain(MetricQuery query)
    {
        var (result, error) = guard.Call("explain", deadlines.Read, () => inner.Explain(query), CancellationToken.None);
        return result is null ? error! : Told("explain", result);
    }

    public async ValueTask<MetricAnswer> QueryAsync(MetricQuery query, CancellationToken cancellationToken)
    {
        var (answer, error) = await guard.CallAsync("query", CallKind.Read, deadlines.Read, ct => inner.QueryAsync(query, ct), cancellationToken);
        switch (answer)
        {
            case null:
                return new MetricAnswer.Error(error!);
            case MetricAnswer.Error failed:
                return new MetricAnswer.Error(health.Failed("query", redaction.Of(failed.Reason)));
            default:
                health.Answered();
                return answer;
        }
    }

    private PluginResult<T> Told<T>(string call, PluginResult<T> result)
        where T : class
    {
        if (result is PluginResult<T>.Failed failed)
            return failed with { Error = health.Failed(call, redaction.Of(failed.Error)) };
        health.Answered();
        return result;
    }
}
