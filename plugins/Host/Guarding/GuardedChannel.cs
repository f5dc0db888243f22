namespace Delivery.Plugins.Host;

/// <summary>A plugin's channel behind the guard.</summary>
internal sealed class GuardedChannel(INotificationChannel inner, string kind, Guard guard, PluginHealth health, Redaction redaction, Deadlines deadlines)
    : INotificationChannel
{
    public string Kind { get; } = kind;

    public IReadOnlyDictionary<string, string> Faults(ChannelSettings settings)
    {
        var (faults, error) = guard.Call("faults", deadlines.Read, () => inner.Faults(settings), CancellationToken.None);
        return faults ?? new Dictionary<string, string> { ["kind"] = $"a channel that can check settings: {error!.Message}" };
    }

    public async ValueTask<SendResult> SendAsync(Notification notification, ChannelSettings settings, CancellationToken cancellationToken)
    {
        var (result, error) = await guard.CallAsync("send", CallKind.Write, deadlines.Apply, ct => inner.SendAsync(notification, settings, ct), cancellationToken);
        switch (result)
        {
            case null:
                return new SendResult.Failed(error!.Message, Retryable: true);
            case SendResult.Failed failed:
                var reason = redaction.Of(failed.Reason);
                health.Failed("send", new PluginError(failed.Retryable ? PluginErrorKind.Unavailable : PluginErrorKind.InvalidIntent, reason));
                return failed with { Reason = reason };
            default:
                health.Answered();
                return result;
        }
    }
}
