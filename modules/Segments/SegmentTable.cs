namespace Delivery.Segments;

/// <summary>Reads one row, column by column, in the order of <see cref="SegmentTable{TRow}.Columns"/>.</summary>
/// <typeparam name="TRow">What a row is to its readers.</typeparam>
/// <param name="position">The row's place in the log.</param>
/// <param name="receivedAt">When the row's group was committed, by the server's clock.</param>
/// <param name="columns">The columns.</param>
public delegate TRow ReadRow<out TRow>(long position, DateTimeOffset receivedAt, ref RowReader columns);

/// <summary>A column of a log's table.</summary>
/// <param name="Name">The column's name; a plain lower-case SQL identifier.</param>
/// <param name="Type">Its PostgreSQL type and constraints, such as <c>text NOT NULL</c>. A type whose binary form is exactly
/// what was written: <c>jsonb</c> and <c>numeric</c> are not.</param>
/// <param name="SharedAs">Names the group of columns of which many rows have the same values, all of the group taken together: those are
/// stored once, and each row has their number in a column of the group's name. A row that shares with none costs more that way. Null for
/// a column of the row's own.</param>
public sealed record SegmentColumn(string Name, string Type, string? SharedAs = null);

/// <summary>What rows a log keeps, and where.</summary>
/// <typeparam name="TRow">What a row is to its readers.</typeparam>
public sealed record SegmentTable<TRow>
{
    /// <summary>The module's schema.</summary>
    public required string Schema { get; init; }

    /// <summary>The log's name: its table, and its seals' stream <c>ledger:NAME</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The columns after <c>position bigint</c> and <c>received_at timestamptz</c>, which every log has.</summary>
    public required IReadOnlyList<SegmentColumn> Columns { get; init; }

    /// <summary>How a stored row becomes a <typeparamref name="TRow"/>.</summary>
    public required ReadRow<TRow> Read { get; init; }

    /// <summary>
    /// Bodies of index definitions made on every partition once it is full, or once the intake is calm, such as
    /// <c>USING btree (unit_hash)</c>. The position is indexed from the first row on.
    /// </summary>
    public IReadOnlyList<string> Indexes { get; init; } = [];

    /// <summary>Columns that nearly rise with the position, such as the sender's time: they are found by BRIN at almost no cost to the intake.</summary>
    public IReadOnlyList<string> Rising { get; init; } = [];

    /// <summary>
    /// Columns whose single values are looked for before a slice has its indexes, with the BRIN operator class that remembers which values
    /// a run of pages may hold, such as <c>unit_hash int8_bloom_ops(n_distinct_per_range = 900)</c>.
    /// </summary>
    public IReadOnlyList<string> Sought { get; init; } = [];

    /// <summary>The shape of the table without its row type: what the writer needs.</summary>
    internal SegmentSql Sql => new(Schema, Name, Columns, Indexes, [.. Rising, .. Sought]);
}
