namespace Delivery.Server.Auditing;

/// <summary>A stream is named <c>KIND:KEY</c>; paths use the plural, <c>/api/v1/flags/KEY/events</c>.</summary>
internal static class StreamNames
{
    public static string Singular(string kind) => kind switch
    {
        "ledger" or "canary" => kind,
        _ when kind.EndsWith("ies", StringComparison.Ordinal) => kind[..^3] + "y",
        _ when kind.EndsWith('s') => kind[..^1],
        _ => kind,
    };

    public static (string Kind, string Key) Split(string stream)
    {
        var colon = stream.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? (stream, "") : (stream[..colon], stream[(colon + 1)..]);
    }

    /// <summary>Marten's <c>flag_killed</c> is <c>flag-killed</c> outside.</summary>
    public static string TypeOutside(string type) => type.Replace('_', '-');

    public static string TypeInside(string type) => type.Replace('-', '_');
}
