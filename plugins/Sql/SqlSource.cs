using System.Collections.Immutable;
using System.Globalization;
using Delivery.Plugins.Measuring;
using Npgsql;
using NpgsqlTypes;

namespace Delivery.Plugins.Sql;

/// <summary>The port: one read-only transaction for each question, ended by the server when it takes too long.</summary>
internal sealed class SqlSource : IMetricSource, IAsyncDisposable
{
    private readonly NpgsqlDataSource _database;
    private readonly SqlOptions _options;
    private readonly ImmutableDictionary<string, (SqlTemplate Template, SqlShape Shape)> _metrics;

    public SqlSource(SqlOptions options)
    {
        _options = options;
        _database = NpgsqlDataSource.Create(Connection(options));
        _metrics = options.Metrics.ToImmutableDictionary(m => m.Key, m => (SqlTemplate.Parse(m.Value.Query).Template!, SqlShape.Of(m.Value.Shape)));
        Descriptor = new MetricSourceDescriptor(
            $"PostgreSQL at {options.Host}:{options.Port}/{options.Database}",
            [.. options.Metrics.Select(m => new MetricDescription(m.Key, m.Value.Shape, m.Value.Unit))]);
    }

    public MetricSourceDescriptor Descriptor { get; }

    public async ValueTask<PluginResult<SourceCheck>> CheckAsync(CancellationToken cancellationToken)
    {
        var asked = await TryAsync("check", async connection =>
        {
            await using var command = new NpgsqlCommand("select current_setting('server_version'), current_setting('is_superuser')", connection);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            return new Server(reader.GetString(0), reader.GetString(1) == "on");
        }, cancellationToken).ConfigureAwait(false);
        if (asked is PluginResult<Server>.Failed failed)
            return failed.Error;
        var server = ((PluginResult<Server>.Ok)asked).Value;
        var findings = ImmutableArray.CreateBuilder<Fault>();
        if (server.Superuser)
            findings.Add(new("User", $"a role that may only read; {_options.User} may do everything"));
        foreach (var name in _options.Metrics.Keys)
        {
            var query = new MetricQuery(name, "", [], DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddSeconds(1));
            switch (await RowsAsync(query, cancellationToken).ConfigureAwait(false))
            {
                case PluginResult<IReadOnlyList<Row>>.Failed { Error: { Kind: PluginErrorKind.InvalidIntent or PluginErrorKind.Unauthorized } error }:
                    findings.Add(new($"Metrics:{name}:Query", $"a query that the server takes: {error.Message}"));
                    break;
                case PluginResult<IReadOnlyList<Row>>.Failed other:
                    return other.Error;
            }
        }

        return new SourceCheck($"PostgreSQL {server.Version}", findings.DrainToImmutable());
    }

    public PluginResult<NativeQuery> Explain(MetricQuery query) => _metrics.TryGetValue(query.Metric, out var metric)
        ? new NativeQuery("SQL", [metric.Shape.Around(metric.Template.Filled(name => Literal(query, name)))])
        : Unknown(query.Metric);

    public async ValueTask<MetricAnswer> QueryAsync(MetricQuery query, CancellationToken cancellationToken)
    {
        if (!_metrics.TryGetValue(query.Metric, out var metric))
            return new MetricAnswer.Error(Unknown(query.Metric));
        if (query.To <= query.From)
            return new MetricAnswer.Error(new PluginError(PluginErrorKind.InvalidIntent, "the window must end after it begins"));
        var answer = await RowsAsync(query, cancellationToken).ConfigureAwait(false);
        return answer is PluginResult<IReadOnlyList<Row>>.Ok { Value: var rows }
            ? SqlAnswers.Of(query, metric.Shape, rows)
            : new MetricAnswer.Error(((PluginResult<IReadOnlyList<Row>>.Failed)answer).Error);
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    private static NpgsqlConnectionStringBuilder Connection(SqlOptions options) => new()
    {
        Host = options.Host,
        Port = options.Port,
        Database = options.Database,
        Username = options.User,
        Password = options.Password?.Reveal(),
        SslMode = options.Encryption switch
        {
            SqlEncryption.VerifyFull => SslMode.VerifyFull,
            SqlEncryption.Require => SslMode.Require,
            SqlEncryption.Disable => SslMode.Disable,
            _ => throw new System.Diagnostics.UnreachableException(),
        },
        RootCertificate = options.CertificateAuthority,
        ApplicationName = "delivery",
        MaxPoolSize = options.Connections,
        // Whole seconds; the server's own time-out comes first, and these are for one that does not answer at all.
        Timeout = (int)Math.Ceiling(options.Seconds),
        CommandTimeout = (int)Math.Ceiling(options.Seconds) + 1,
        IncludeErrorDetail = false,
        Enlist = false,
    };

    private async ValueTask<PluginResult<IReadOnlyList<Row>>> RowsAsync(MetricQuery query, CancellationToken cancellationToken)
    {
        var (template, shape) = _metrics[query.Metric];
        return await TryAsync<IReadOnlyList<Row>>($"metric {query.Metric}", async connection =>
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
#pragma warning disable CA2100 // The template is the configuration's; what a question brings are parameters.
            await using var batch = new NpgsqlBatch(connection, transaction)
            {
                BatchCommands =
                {
                    new("set transaction read only"),
                    new($"set local statement_timeout = {((long)(_options.Seconds * 1_000)).ToString(CultureInfo.InvariantCulture)}"),
                    Command(shape.Around(template.Numbered()), query),
                },
            };
#pragma warning restore CA2100
            await using var reader = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            var rows = new List<Row>();
            while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                rows.Add(Row.Of(reader));
            return rows;
        }, cancellationToken).ConfigureAwait(false);
    }

    private static NpgsqlBatchCommand Command(string text, MetricQuery query)
    {
        var command = new NpgsqlBatchCommand(text);
        foreach (var name in SqlTemplate.Names)
            command.Parameters.Add(Parameter(query, name));
        return command;
    }

    private static NpgsqlParameter Parameter(MetricQuery query, string name) => name switch
    {
        "arms" => new NpgsqlParameter { Value = query.Arms.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text },
        "route" => new NpgsqlParameter { Value = query.Route, NpgsqlDbType = NpgsqlDbType.Text },
        "metric" => new NpgsqlParameter { Value = query.Metric, NpgsqlDbType = NpgsqlDbType.Text },
        "from" => new NpgsqlParameter { Value = query.From.UtcDateTime, NpgsqlDbType = NpgsqlDbType.TimestampTz },
        "to" => new NpgsqlParameter { Value = query.To.UtcDateTime, NpgsqlDbType = NpgsqlDbType.TimestampTz },
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static string Literal(MetricQuery query, string name) => name switch
    {
        "arms" => $"array[{string.Join(", ", query.Arms.Select(Quoted))}]::text[]",
        "route" => Quoted(query.Route),
        "metric" => Quoted(query.Metric),
        "from" => $"timestamptz '{query.From.UtcDateTime:O}'",
        "to" => $"timestamptz '{query.To.UtcDateTime:O}'",
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static string Quoted(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    private PluginError Unknown(string metric) =>
        new(PluginErrorKind.NotFound, $"there is no metric '{metric}'; there are {string.Join(", ", _options.Metrics.Keys)}");

    /// <summary>On a connection; a cancelled query is cancelled at the server.</summary>
    private async ValueTask<PluginResult<T>> TryAsync<T>(string call, Func<NpgsqlConnection, Task<T>> asks, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            await using var connection = await OpenAsync(cancellationToken).ConfigureAwait(false);
            return new PluginResult<T>.Ok(await asks(connection).ConfigureAwait(false));
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && SqlFailures.Of(call, e) is not null)
        {
            return SqlFailures.Of(call, e)!;
        }
        catch (Exception e) when (cancellationToken.IsCancellationRequested && e is not OperationCanceledException)
        {
            throw new OperationCanceledException("the caller has left", e, cancellationToken);
        }
    }

    /// <summary>A server that takes the connection and says nothing holds the driver until its own time-out, whatever the token says.</summary>
    private async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        var opening = _database.OpenConnectionAsync(cancellationToken).AsTask();
        try
        {
            return await opening.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!opening.IsCompleted)
        {
            _ = GiveBackAsync(opening);
            throw;
        }
    }

    private static async Task GiveBackAsync(Task<NpgsqlConnection> opening)
    {
        try
        {
            await using var late = await opening.ConfigureAwait(false);
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException)
        {
            return; // Nothing was opened.
        }
    }

    private sealed record Server(string Version, bool Superuser);
}

/// <summary>Which answer it is.</summary>
internal static class SqlAnswers
{
    public static MetricAnswer Of(MetricQuery query, SqlShape shape, IReadOnlyList<Row> rows)
    {
        if (rows.Count > SqlShape.MostRows)
            return Wrong(query, $"at most {SqlShape.MostRows} rows");
        if (rows.FirstOrDefault(r => r.Arm is null || !query.Arms.Contains(r.Arm)) is { } stranger)
            return Wrong(query, $"rows of the arms that were asked for, not of '{stranger.Arm}'");
        var arms = new List<ArmReading>();
        foreach (var arm in query.Arms)
        {
            var own = rows.Where(r => r.Arm == arm && r.LastAt is not null).ToList();
            if (own.Count == 0)
                continue;
            var (statistics, fault) = shape.Read(own);
            if (statistics is null)
                return Wrong(query, fault!);
            arms.Add(new ArmReading(arm, statistics, own.Max(r => r.LastAt!.Value)));
        }

        return Of(query, arms);
    }

    private static MetricAnswer Of(MetricQuery query, List<ArmReading> arms)
    {
        if (arms.Count == 0)
            return new MetricAnswer.NoData($"the query of {query.Metric} gave no row with last_at for {string.Join(" and ", query.Arms)}");
        var oldest = arms.Min(a => a.LastSampleAt);
        var reading = new MetricReading([.. arms], oldest < query.To ? oldest : query.To);
        if (query.Arms.Except(arms.Select(a => a.Arm)).ToList() is { Count: > 0 } missing)
            return new MetricAnswer.Partial(reading, $"the query of {query.Metric} gave no row with last_at for {string.Join(" and ", missing)}");
        var age = query.To - oldest;
        return age > query.StaleAfter ? new MetricAnswer.Stale(reading, age) : new MetricAnswer.Ok(reading);
    }

    private static MetricAnswer.Error Wrong(MetricQuery query, string accepted) =>
        new(new PluginError(PluginErrorKind.InvalidIntent, $"the query of {query.Metric} must give {accepted}"));
}
