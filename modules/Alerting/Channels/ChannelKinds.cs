using System.Collections.Frozen;
using Delivery.Plugins;

namespace Delivery.Alerting;

/// <summary>The channel kinds this server knows: its own and those of plugins. Two of one kind fail the start.</summary>
internal sealed class ChannelKinds(IEnumerable<INotificationChannel> channels)
{
    public FrozenDictionary<string, INotificationChannel> ByKind { get; } = channels.ToFrozenDictionary(c => c.Kind);
}
