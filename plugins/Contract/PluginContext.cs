namespace Delivery.Plugins;

/// <summary>What the host lends to a plugin's instance.</summary>
/// <param name="Instance">The instance's name in the configuration, unique in the server.</param>
/// <param name="Time">The only clock; also for delays and time-outs.</param>
/// <param name="Log">Where to write for people; no secrets, no units' keys.</param>
public sealed record PluginContext(string Instance, TimeProvider Time, IPluginLog Log);

/// <summary>Writes into the server's log, under the instance's name.</summary>
public interface IPluginLog
{
    /// <summary>Writes one line.</summary>
    void Write(PluginLogLevel level, string message);
}

/// <summary>How loud.</summary>
public enum PluginLogLevel
{
    /// <summary>For who looks for a fault.</summary>
    Debug = 0,

    /// <summary>Worth knowing.</summary>
    Information = 1,

    /// <summary>Somebody should look.</summary>
    Warning = 2,
}
