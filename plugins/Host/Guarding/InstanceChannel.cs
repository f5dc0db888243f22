namespace Delivery.Plugins.Host;

/// <summary>
/// A plugin's channel as teams name it: its kind is the instance's name, known before the plugin has made its port. Until it
/// has, a sending fails and is tried again.
/// </summary>
internal sealed class InstanceChannel(string instance, PluginHost host) : INotificationChannel
{
    public string Kind => instance;

    public IReadOnlyDictionary<string, string> Faults(ChannelSettings settings) =>
        host.Instance(instance)?.Channel?.Faults(settings) ?? new Dictionary<string, string> { ["kind"] = $"a channel that is there: '{instance}' is not made yet" };

    public ValueTask<SendResult> SendAsync(Notification notification, ChannelSettings settings, CancellationToken cancellationToken) =>
        host.Instance(instance)?.Channel?.SendAsync(notification, settings, cancellationToken)
        ?? ValueTask.FromResult<SendResult>(new SendResult.Failed($"the channel '{instance}' is not made yet", Retryable: true));
}
