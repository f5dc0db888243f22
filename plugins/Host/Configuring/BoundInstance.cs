using System.Collections.Immutable;
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
        Apart([.. instances.GetChildren().Select(s => Bind(s, installed))]);

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

    private static ImmutableArray<Fault> OwnFaults(InstalledPlugin plugin, object options, string name, Redaction redaction) =>
        Asked(() => plugin.Entry.Faults(options), name, redaction);

    /// <summary>Two instances that write to the same place would overwrite each other.</summary>
    private static List<BoundInstance> Apart(List<BoundInstance> bound)
    {
        var claimed = new Dictionary<(InstalledPlugin Plugin, string Claim), string>();
        foreach (var instance in bound)
        {
            foreach (var claim in Asked(() => instance.Plugin.Entry.Claims(instance.Options), instance.Name, instance.Redaction))
            {
                if (!claimed.TryAdd((instance.Plugin, claim), instance.Name) && claimed[(instance.Plugin, claim)] is var other && other != instance.Name)
                    throw new PluginRefused(instance.Name, instance.Redaction.Of($"the instance '{other}' steers the same, and they would overwrite each other: {claim}"));
            }
        }

        return bound;
    }

    private static ImmutableArray<T> Asked<T>(Func<ImmutableArray<T>> ask, string name, Redaction redaction)
    {
        try
        {
            return ask() is { IsDefault: false } answer ? answer : [];
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
