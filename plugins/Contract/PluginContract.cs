namespace Delivery.Plugins;

/// <summary>Which contract this is.</summary>
public static class PluginContract
{
    /// <summary>
    /// The contract's version. A plugin built against the same first number and the same or a smaller second number can be
    /// loaded; any other is refused at start. The host reads it from the plugin's own reference to this assembly.
    /// </summary>
    public static Version Version { get; } = typeof(PluginContract).Assembly.GetName().Version ?? new Version(0, 0);
}

/// <summary>What a plugin can be; written in its manifest.</summary>
public static class PluginKinds
{
    /// <summary>Makes an <see cref="Delivery.Plugins.Routing.ITrafficRouter"/>.</summary>
    public const string Router = "router";

    /// <summary>Makes an <see cref="Delivery.Plugins.Measuring.IMetricSource"/>.</summary>
    public const string MetricSource = "metric-source";

    /// <summary>Makes an <see cref="INotificationChannel"/>.</summary>
    public const string Channel = "channel";
}
