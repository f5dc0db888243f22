namespace Delivery.Plugins;

/// <summary>How a call ended. Closed: <see cref="Ok"/> or <see cref="Failed"/>.</summary>
/// <typeparam name="T">What it gives.</typeparam>
public abstract record PluginResult<T>
    where T : class
{
    private PluginResult()
    {
    }

    /// <summary>It succeeded.</summary>
    /// <param name="Value">What it gives.</param>
    public sealed record Ok(T Value) : PluginResult<T>;

    /// <summary>It failed.</summary>
    /// <param name="Error">Why.</param>
    /// <param name="LastKnown">The last state that the plugin knows to have been there; null when it knows none.</param>
    public sealed record Failed(PluginError Error, T? LastKnown = null) : PluginResult<T>;

    /// <summary>A success, written short.</summary>
    public static implicit operator PluginResult<T>(T value) => new Ok(value);

    /// <summary>A failure without a known state, written short.</summary>
    public static implicit operator PluginResult<T>(PluginError error) => new Failed(error);
}
