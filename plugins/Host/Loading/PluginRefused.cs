namespace Delivery.Plugins.Host;

/// <summary>A plugin's folder or configuration can't be taken: the server does not start, and says why. Never a fallback.</summary>
/// <param name="what">The folder's or instance's name.</param>
/// <param name="reason">Why, and what would be accepted.</param>
public sealed class PluginRefused(string what, string reason) : Exception($"Plugin '{what}' is refused: {reason}")
{
    /// <summary>The folder's or instance's name.</summary>
    public string What { get; } = what;

    /// <summary>Why, and what would be accepted.</summary>
    public string Reason { get; } = reason;
}
