namespace Delivery.Targeting.Live;

/// <summary>PostgreSQL's advisory locks and the channel that all servers of a database share, and the streams they are about.</summary>
internal static class ConfigurationLock
{
    /// <summary>Held while configuration is committed; any number that no other advisory lock of the database uses.</summary>
    public const long Write = 0x64656c_74617267;

    /// <summary>Held from before a change is decided until after its commit.</summary>
    public const long Gate = 0x64656c_74617268;

    /// <summary>Where a commit is announced.</summary>
    public const string Channel = "delivery_configuration";

    private static readonly string[] Populations = ["segment:", "layer:", "holdout:"];
    private static readonly string[] Kinds = ["flag:", "environment:", "code-repository:", .. Populations];

    /// <summary>The streams of configuration, as a regular expression of PostgreSQL.</summary>
    public static string StreamPattern { get; } = $"^({string.Join('|', Kinds)})";

    public static bool IsPopulation(string? stream) => stream is not null && Populations.Any(kind => stream.StartsWith(kind, StringComparison.Ordinal));

    public static bool Concerns(string? stream) => stream is not null && Kinds.Any(kind => stream.StartsWith(kind, StringComparison.Ordinal));
}
