namespace Delivery.EmbeddedPostgres;

/// <summary>What the server is told on its command line.</summary>
internal static class ServerSettings
{
    public static IReadOnlyList<string> CommandLine(ServerInstallation server, string dataDirectory, int port, bool fastUnsafe) =>
    [
        server.Postgres, "-D", dataDirectory,
        .. All(port, fastUnsafe).SelectMany(setting => new[] { "-c", setting }),
    ];

    internal static IEnumerable<string> All(int port, bool fastUnsafe)
    {
        yield return "listen_addresses=127.0.0.1";
        yield return $"port={port}";
        yield return "unix_socket_directories=";
        // The server, its durability agents and several test stores share one cluster.
        yield return "max_connections=300";
        yield return "log_timezone=UTC";
        yield return "timezone=UTC";
        yield return "log_line_prefix=";
        // The platform's queries are short: compiling them costs more than it saves.
        yield return "jit=off";
        if (!fastUnsafe)
            yield break;
        yield return "fsync=off";
        yield return "synchronous_commit=off";
        yield return "full_page_writes=off";
        yield return "wal_level=minimal";
        yield return "max_wal_senders=0";
        yield return "checkpoint_timeout=30min";
    }
}
