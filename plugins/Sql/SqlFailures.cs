using System.Net.Sockets;
using System.Security.Authentication;
using Npgsql;

namespace Delivery.Plugins.Sql;

/// <summary>What went wrong, as a kind of error.</summary>
internal static class SqlFailures
{
    /// <summary>Null when it is none of PostgreSQL's or the network's: the host makes an error of it.</summary>
    public static PluginError? Of(string call, Exception e) => e switch
    {
        PostgresException said => Of(call, said),
        NpgsqlException or IOException or SocketException or AuthenticationException or TimeoutException => Broken(call, e),
        // What Npgsql makes of an answer that is not PostgreSQL's.
        InvalidOperationException or InvalidCastException or FormatException or OverflowException or NotSupportedException =>
            new PluginError(PluginErrorKind.Internal, $"{call}: the answer is not one of PostgreSQL: {e.Message}"),
        _ => null,
    };

    /// <summary>Codes: PostgreSQL's appendix A.</summary>
    private static PluginError Of(string call, PostgresException e)
    {
        var kind = e.SqlState switch
        {
            PostgresErrorCodes.InsufficientPrivilege => PluginErrorKind.Unauthorized,
            PostgresErrorCodes.InvalidCatalogName => PluginErrorKind.NotFound,
            PostgresErrorCodes.QueryCanceled => PluginErrorKind.Timeout,
            PostgresErrorCodes.TooManyConnections => PluginErrorKind.Throttled,
            _ => e.SqlState[..2] switch
            {
                "28" => PluginErrorKind.Unauthorized,
                "22" or "25" or "42" or "0A" => PluginErrorKind.InvalidIntent,
                "08" or "53" or "55" or "57" or "58" => PluginErrorKind.Unavailable,
                _ => PluginErrorKind.Internal,
            },
        };
        return new PluginError(kind, $"{call}: {e.SqlState} {e.MessageText}");
    }

    private static PluginError Broken(string call, Exception e)
    {
        var chain = new List<Exception>();
        for (Exception? inner = e; inner is not null; inner = inner.InnerException)
            chain.Add(inner);
        var kind = chain.Any(x => x is AuthenticationException) ? PluginErrorKind.Unauthorized
            : chain.Any(x => x is TimeoutException) ? PluginErrorKind.Timeout
            : chain.Any(x => x is SocketException or IOException) ? PluginErrorKind.Unavailable
            : PluginErrorKind.Internal;
        return new PluginError(kind, $"{call}: {chain[^1].Message}");
    }
}
