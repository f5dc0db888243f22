namespace Delivery.EmbeddedPostgres;

/// <summary>How a <see cref="PostgresCluster"/> is started.</summary>
public sealed record PostgresClusterOptions
{
    /// <summary>
    /// PostgreSQL's data directory; made by <c>initdb</c> when absent. The password file is beside it,
    /// <c>&lt;directory&gt;.password</c>. Required unless <see cref="Ephemeral"/>.
    /// </summary>
    public string? DataDirectory { get; init; }

    /// <summary>Use a new temporary data directory and delete it at the end. Default: false.</summary>
    public bool Ephemeral { get; init; }

    /// <summary>
    /// Trade crash safety for speed (<c>fsync=off</c> and friends). For tests only: a power cut corrupts the data.
    /// Default: false.
    /// </summary>
    public bool FastUnsafe { get; init; }

    /// <summary>TCP port on 127.0.0.1, 1 to 65535; null takes a free one. Default: null.</summary>
    public int? Port { get; init; }

    /// <summary>
    /// The superuser's password, for a caller that must know it before the start. Null takes the one in the password
    /// file, or makes one. Default: null.
    /// </summary>
    public string? Password { get; init; }

    /// <summary>
    /// The folder of <c>postgres</c> and <c>initdb</c>; null searches for it (see <see cref="ServerSearch"/>).
    /// Default: null.
    /// </summary>
    public string? BinDirectory { get; init; }

    /// <summary>Receives each line the server writes, in order, on a background thread. Default: nobody.</summary>
    public Action<string>? Output { get; init; }

    /// <summary>How long start and stop may each take before they fail or are forced. Default: 30 seconds.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);
}
