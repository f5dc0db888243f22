using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Delivery.Plugins.Host;

/// <summary>An instance's section, bound to its plugin's options and found without faults.</summary>
internal sealed record BoundInstance(string Name, InstalledPlugin Plugin, object Options, IConfigurationSection Section, Redaction Redaction)
{
    private const string PluginKey = "Plugin";
    private const string OptionsKey = "Options";

    /// <exception cref="PluginRefused">An instance can't be taken; all its faults are named.</exception>
    public static IReadOnlyList<BoundInstance> All(IConfigurationSection instances, IReadOnlyList<InstalledPlugin> installed) =>
        [.. instances.GetChildren().Select(s => Bind(s, installed))];

    public PluginInstance Make(PluginHostOptions host, TimeProvider time, ILoggerFactory logs) => new(
        Plugin,
        Options,
        new PluginContext(Name, time, new InstanceLog(logs.CreateLogger($"Delivery.Plugins.{Name}"), Redaction)),
        ConfigurationView.Of(Section),
        Redaction,
        host);

    private static BoundInstance Bind(IConfigurationSection section, IReadOnlyList<InstalledPlugin> installed)
    {
        var name = section.Key;
        if (section.GetChildren().FirstOrDefault(c => c.Key is not (PluginKey or OptionsKey)) is { } unknown)
            throw new PluginRefused(name, $"{unknown.Path} is unknown; an instance has {PluginKey} and {OptionsKey}");
        if (installed.FirstOrDefault(p => p.Manifest.Name == section[PluginKey]) is not { } plugin)
            throw new PluginRefused(name, $"{section.Path}:{PluginKey} must be one of the plugins there are: {string.Join(", ", installed.Select(p => p.Manifest.Name))}");
        var options = section.GetSection(OptionsKey);
        var binding = new OptionsBinding();
        var bound = binding.Bind(plugin.Entry.OptionsType, options);
        var redaction = new Redaction(binding.Secrets);
        IReadOnlyList<Fault> faults = binding.Faults is { Count: > 0 } ? binding.Faults : OwnFaults(plugin, bound, name, redaction);
        return faults is []
            ? new BoundInstance(name, plugin, bound, options, redaction)
            : throw new PluginRefused(name, string.Join("; ", faults.Select(f => redaction.Of($"{options.Path}:{f.Field} must be {f.Accepted}"))));
    }

    private static System.Collections.Immutable.ImmutableArray<Fault> OwnFaults(InstalledPlugin plugin, object options, string name, Redaction redaction)
    {
        try
        {
            return plugin.Entry.Faults(options);
        }
        catch (Exception e)
        {
            throw new PluginRefused(name, redaction.Of($"the plugin threw {e.GetType().Name} while it checked its options: {e.Message}"));
        }
    }
}

/// <summary>A plugin's log lines, in the server's log, without its secrets.</summary>
internal sealed partial class InstanceLog(ILogger logger, Redaction redaction) : IPluginLog
{
    public void Write(PluginLogLevel level, string message)
    {
        var logLevel = level switch
        {
            PluginLogLevel.Debug => LogLevel.Debug,
            PluginLogLevel.Information => LogLevel.Information,
            _ => LogLevel.Warning,
        };
        if (!logger.IsEnabled(logLevel))
            return;
        var shown = redaction.Of(message);
        Log(logLevel, shown);
    }

    [LoggerMessage(EventId = 7010, Message = "{Message}")]
    private partial void Log(LogLevel level, string message);
}
