namespace Delivery.Segments;

/// <summary>The names and statements of one log. Identifiers come from code, never from a caller.</summary>
internal sealed class SegmentSql(string schema, string name, IReadOnlyList<SegmentColumn> columns, IReadOnlyList<string> indexes, IReadOnlyList<string> summarized)
{
    public string Schema { get; } = schema;
    public string Name { get; } = name;
    public string Stream { get; } = $"ledger:{name}";
    public string IndexLock { get; } = $"hashtextextended('ledger:{name}:indexes', 0)";
    public string Redactions { get; } = $"ledger:{name}-redactions";
    public string Rows { get; } = $"{schema}.{name}";
    public string Segments { get; } = $"{schema}.{name}_segments";
    public string Batches { get; } = $"{schema}.{name}_batches";
    public IReadOnlyList<string> Indexes { get; } = indexes;

    /// <summary>The columns that rows share, and where their combinations are stored.</summary>
    public IReadOnlyList<SharedGroup> Groups { get; } = SharedGroup.Of($"{schema}.{name}", columns);

    /// <summary>What readers ask: the rows with all their columns.</summary>
    public string Recorded { get; } = columns.Any(c => c.SharedAs is not null) ? $"{schema}.recorded_{name}" : $"{schema}.{name}";

    /// <summary>How canonical rows become stored ones; null where they are the same.</summary>
    public StoredForm? Form { get; } = columns.Any(c => c.SharedAs is not null) ? FormOf(columns) : null;

    /// <summary>Columns of which each run of pages has a summary.</summary>
    private IEnumerable<string> Summarized => summarized.Prepend("position");

    /// <summary>All columns in canonical order.</summary>
    public string ColumnList { get; } = string.Join(", ", columns.Select(c => c.Name).Prepend("received_at").Prepend("position"));

    /// <summary>The columns a row has to itself, in canonical order, and the numbers of what it shares.</summary>
    public string StoredColumnList { get; } = string.Join(", ", (string[])
        ["position", "received_at", .. columns.Where(c => c.SharedAs is null).Select(c => c.Name), .. GroupNames(columns)]);

    /// <summary>The condition on stored rows that <paramref name="column"/> has the value $1.</summary>
    public string Has(string column) => Groups.FirstOrDefault(group => group.Has(column)) is { } shared
        ? $"{shared.Name} IN (SELECT {shared.Name} FROM {shared.Table} WHERE {column} = $1)"
        : $"{column} = $1";

    /// <summary>The values of a column in a table with stored rows.</summary>
    public string ValuesOf(string column, string table) => Groups.FirstOrDefault(group => group.Has(column)) is { } shared
        ? $"SELECT DISTINCT {column} FROM {shared.Table} WHERE {shared.Name} IN (SELECT {shared.Name} FROM {Schema}.{table})"
        : $"SELECT DISTINCT {column} FROM {Schema}.{table}";

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
            {string.Join(",\n    ", StoredColumns())}
        ) PARTITION BY RANGE (received_at);
        DROP INDEX IF EXISTS {Schema}.{Name}_position;
        CREATE INDEX IF NOT EXISTS {Name}_ranges ON {Rows} USING brin ({string.Join(", ", Summarized)}) WITH (pages_per_range = 16);
        CREATE TABLE IF NOT EXISTS {Segments} (
            segment bigint PRIMARY KEY,
            first_position bigint NOT NULL,
            last_position bigint NOT NULL UNIQUE,
            received_at timestamptz NOT NULL,
            hash bytea NOT NULL,
            previous_hash bytea NOT NULL
        );
        ALTER TABLE {Segments} ADD COLUMN IF NOT EXISTS retired bigint NOT NULL DEFAULT 0,
            ADD COLUMN IF NOT EXISTS shared integer[], ADD COLUMN IF NOT EXISTS shared_rows integer[];
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
        {string.Concat(Groups.Select(SharedTable))}
        {(Form is null ? "" : View())}
        """;

    private static IEnumerable<string> GroupNames(IReadOnlyList<SegmentColumn> columns) => columns.Select(c => c.SharedAs).OfType<string>().Distinct();

    private static StoredForm FormOf(IReadOnlyList<SegmentColumn> columns)
    {
        var groups = GroupNames(columns).ToList();
        return new StoredForm([-1, -1, .. columns.Select(c => c.SharedAs is null ? -1 : groups.IndexOf(c.SharedAs))]);
    }

    /// <summary>Those of fixed length come first: PostgreSQL finds them without looking at others.</summary>
    private IEnumerable<string> StoredColumns() =>
        columns.Where(c => c.SharedAs is null).Select(c => $"{c.Name} {c.Type}").Concat(Groups.Select(group => $"{group.Name} integer NOT NULL"))
            .OrderBy(column => column.Contains(" text", StringComparison.Ordinal));

    /// <summary>
    /// The key only finds a combination again: where it is null or wrong, the combination is stored twice, and nothing else happens.
    /// A table from before rows shared these columns is brought into the present form.
    /// </summary>
    private string SharedTable(SharedGroup group) => $"""
        CREATE TABLE IF NOT EXISTS {group.Table} (
            {group.Name} integer PRIMARY KEY,
            key bytea UNIQUE,
            {string.Join(",\n    ", group.Columns.Select(c => $"{c.Name} {c.Type}"))}
        );
        DO $do$ BEGIN
          IF EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = '{Rows}'::regclass AND attname = '{group.Columns[0].Name}') THEN
            DROP VIEW IF EXISTS {Recorded};
            INSERT INTO {group.Table} ({group.Name}, {group.ColumnList})
            SELECT row_number() OVER (), * FROM (SELECT DISTINCT {group.ColumnList} FROM {Rows}) AS combinations;
            ALTER TABLE {Rows} ADD COLUMN {group.Name} integer;
            UPDATE {Rows} AS r SET {group.Name} = s.{group.Name} FROM {group.Table} AS s
            WHERE hash_record_extended({RowOf(group, "r")}, 0) = hash_record_extended({RowOf(group, "s")}, 0) AND {RowOf(group, "r")} IS NOT DISTINCT FROM {RowOf(group, "s")};
            ALTER TABLE {Rows} ALTER COLUMN {group.Name} SET NOT NULL, {string.Join(", ", group.Columns.Select(c => $"DROP COLUMN {c.Name}"))};
          END IF;
        END $do$;

        """;

    /// <summary>Questions that do not need what rows share in a later group are not made to look for it: that is what the outer join allows.</summary>
    private string View() => $"""
        CREATE OR REPLACE VIEW {Recorded} AS
        SELECT r.position, r.received_at, {string.Join(", ", columns.Select(c => $"{c.SharedAs ?? "r"}.{c.Name}"))}
        FROM {Rows} AS r {string.Join(" ", Groups.Select((group, i) => $"{(i == 0 ? "JOIN" : "LEFT JOIN")} {group.Table} AS {group.Name} ON {group.Name}.{group.Name} = r.{group.Name}"))};
        """;

    private static string RowOf(SharedGroup group, string alias) => $"ROW({string.Join(", ", group.Columns.Select(c => $"{alias}.{c.Name}"))})";

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

    public string Copy(string partition) => $"COPY {Schema}.{partition} ({StoredColumnList}) FROM STDIN (FORMAT binary)";
}
