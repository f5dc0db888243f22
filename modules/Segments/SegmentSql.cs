namespace Delivery.Segments;

/// <summary>The names and statements of one log. Identifiers come from code, never from a caller.</summary>
internal sealed class SegmentSql(string schema, string name, IReadOnlyList<SegmentColumn> columns, IReadOnlyList<string> indexes, IReadOnlyList<string> rising)
{
    public string Schema { get; } = schema;
    public string Name { get; } = name;
    public string Stream { get; } = $"ledger:{name}";
    public string IndexLock { get; } = $"hashtextextended('ledger:{name}:indexes', 0)";
    public string Redactions { get; } = $"ledger:{name}-redactions";
    public string Rows { get; } = $"{schema}.{name}";
    public string Segments { get; } = $"{schema}.{name}_segments";
    public string Batches { get; } = $"{schema}.{name}_batches";
    public short Fields { get; } = (short)(columns.Count + 2);
    public IReadOnlyList<string> Indexes { get; } = indexes;

    /// <summary>Columns that rise with the position, exactly or nearly.</summary>
    private IEnumerable<string> Ordered => rising.Prepend("position");

    /// <summary>All columns in canonical order.</summary>
    public string ColumnList { get; } = string.Join(", ", columns.Select(c => c.Name).Prepend("received_at").Prepend("position"));

    /// <summary>What one writer holds at a time, over all servers: the order of positions is the order of commits.</summary>
    public string WriterLock { get; } = $"SELECT pg_advisory_xact_lock(hashtextextended('ledger:{name}', 0))";

    public string Head { get; } =
        $"SELECT segment, last_position, hash, received_at FROM {schema}.{name}_segments ORDER BY segment DESC LIMIT 1";

    /// <summary>
    /// The rows are append-only and arrive in the order of their position, so a BRIN index finds a run of positions at
    /// almost no cost to the intake.
    /// </summary>
    public string Tables() => $"""
        CREATE SCHEMA IF NOT EXISTS {Schema};
        CREATE TABLE IF NOT EXISTS {Rows} (
            position bigint NOT NULL,
            received_at timestamptz NOT NULL,
            {string.Join(",\n    ", columns.Select(c => $"{c.Name} {c.Type}"))}
        ) PARTITION BY RANGE (received_at);
        CREATE INDEX IF NOT EXISTS {Name}_position ON {Rows} USING brin ({string.Join(", ", Ordered)}) WITH (pages_per_range = 16);
        CREATE TABLE IF NOT EXISTS {Segments} (
            segment bigint PRIMARY KEY,
            first_position bigint NOT NULL,
            last_position bigint NOT NULL UNIQUE,
            received_at timestamptz NOT NULL,
            hash bytea NOT NULL,
            previous_hash bytea NOT NULL
        );
        ALTER TABLE {Segments} ADD COLUMN IF NOT EXISTS retired bigint NOT NULL DEFAULT 0;
        CREATE INDEX IF NOT EXISTS {Name}_segments_received_at ON {Segments} (received_at);
        CREATE TABLE IF NOT EXISTS {Batches} (
            source text NOT NULL,
            batch bigint NOT NULL,
            digest bytea NOT NULL,
            answer bytea NOT NULL,
            received_at timestamptz NOT NULL,
            PRIMARY KEY (source, batch)
        );
        CREATE INDEX IF NOT EXISTS {Name}_batches_received_at ON {Batches} USING brin (received_at);
        """;

    /// <summary>
    /// The tables with rows below the partitioned table $1, and the positions each takes. One that is not cut by position takes all
    /// and is not <c>sliced</c>.
    /// </summary>
    public const string Slices = """
        SELECT * FROM (
            SELECT c.oid, c.relname AS name, bounds IS NOT NULL AS sliced,
                   coalesce(bounds[1]::bigint, 1) AS first, coalesce(bounds[2]::bigint, 9223372036854775807) AS "end"
            FROM pg_partition_tree(to_regclass($1)) AS leaf JOIN pg_class c ON c.oid = leaf.relid
            CROSS JOIN LATERAL regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(''?(\d+)''?\) TO \(''?(\d+)''?\)$') AS bounds
            WHERE leaf.isleaf) AS slices
        """;

    public string Copy(string partition) => $"COPY {Schema}.{partition} ({ColumnList}) FROM STDIN (FORMAT binary)";
}
