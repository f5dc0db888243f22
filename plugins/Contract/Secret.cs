namespace Delivery.Plugins;

/// <summary>
/// What must not be seen. The configuration holds a reference, <c>secret:env:NAME</c> or <c>secret:file:PATH</c>, never the
/// value; the host resolves it. Its text is always <c>***</c>, so that no log, message or serialiser shows it.
/// </summary>
public sealed class Secret
{
    private readonly string _value;

    /// <summary>Keeps a value; the host and tests do.</summary>
    /// <param name="value">The resolved value.</param>
    /// <param name="reference">Where it came from, which may be seen; empty in tests.</param>
    public Secret(string value, string reference = "")
    {
        ArgumentNullException.ThrowIfNull(value);
        _value = value;
        Reference = reference;
    }

    /// <summary>Where it came from: <c>secret:env:NAME</c>.</summary>
    public string Reference { get; }

    /// <summary>The value, for the call that needs it. Keep it in no field, message or exception.</summary>
    public string Reveal() => _value;

    /// <summary>Three asterisks.</summary>
    public override string ToString() => "***";
}
