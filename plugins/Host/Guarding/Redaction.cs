namespace Delivery.Plugins.Host;

/// <summary>Takes an instance's secrets out of what a plugin says, should it ever say them.</summary>
internal sealed class Redaction(IEnumerable<Secret> secrets)
{
    private readonly string[] _values = [.. secrets.Select(s => s.Reveal()).Where(v => v.Length >= 4).Distinct().OrderByDescending(v => v.Length)];

    public string Of(string text) => _values.Aggregate(text, (t, v) => t.Replace(v, "***", StringComparison.Ordinal));

    public PluginError Of(PluginError error) => error with { Message = Of(error.Message) };
}
