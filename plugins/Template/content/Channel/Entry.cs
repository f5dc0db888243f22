using System.ComponentModel;
using Delivery.Plugins;

namespace MyPlugin;

/// <summary>The configuration's schema: names, ranges and what must be there are checked by the host, field by field.</summary>
public sealed class Options
{
    [Description("What comes before every line. Default: nothing.")]
    public string Prefix { get; set; } = "";
}

/// <summary>The type that plugin.json names.</summary>
public sealed class Entry : Plugin<INotificationChannel, Options>
{
    protected override ValueTask<INotificationChannel> CreateAsync(Options options, PluginContext context, CancellationToken cancellationToken) =>
        ValueTask.FromResult<INotificationChannel>(new Channel(options));
}

/// <summary>The port: one notification, one call, and how it went. The example appends a line to a file, the channel's address.</summary>
internal sealed class Channel(Options options) : INotificationChannel
{
    public string Kind => "plugin-name";

    public IReadOnlyDictionary<string, string> Faults(ChannelSettings settings) => Path.IsPathFullyQualified(settings.Address)
        ? new Dictionary<string, string>()
        : new Dictionary<string, string> { ["address"] = "the full path of a file" };

    public async ValueTask<SendResult> SendAsync(Notification notification, ChannelSettings settings, CancellationToken cancellationToken)
    {
        try
        {
            await File.AppendAllTextAsync(settings.Address, $"{options.Prefix}{notification.At:O} {notification.Severity} {notification.Title}\n", cancellationToken);
            return new SendResult.Delivered();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new SendResult.Failed(e.Message, Retryable: e is IOException);
        }
    }
}
