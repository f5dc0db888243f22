namespace Delivery.Segments;

/// <summary>Columns that rows share, all of them taken together, and the table with their combinations.</summary>
/// <param name="Name">The group's name: the column with a combination's number, in that table and in the rows.</param>
/// <param name="Table">The table with the combinations.</param>
/// <param name="Columns">The columns, in canonical order.</param>
internal sealed record SharedGroup(string Name, string Table, IReadOnlyList<SegmentColumn> Columns)
{
    public string ColumnList { get; } = string.Join(", ", Columns.Select(c => c.Name));

    public bool Has(string column) => Columns.Any(c => c.Name == column);

    /// <summary>The groups of a log's columns, in the order in which rows have their numbers.</summary>
    public static IReadOnlyList<SharedGroup> Of(string log, IReadOnlyList<SegmentColumn> columns) =>
        [.. columns.Where(c => c.SharedAs is not null).GroupBy(c => c.SharedAs!).Select(group => new SharedGroup(group.Key, $"{log}_{group.Key}", [.. group]))];
}
