using System.Text.Json;
using Parquet;
using Parquet.Schema;

namespace Delivery.Exposures.Queries;

/// <summary>Exposures as Apache Parquet, a row group at a time: memory holds one group, whatever is exported.</summary>
internal static class ExposureParquet
{
    public const string MediaType = "application/vnd.apache.parquet";

    /// <summary>Enough for columns to compress well; some 10 MB of rows.</summary>
    private const int GroupRows = 20_000;

    private static readonly Column[] Columns =
    [
        Number("position", e => e.Position),
        new(new DataField<Guid>("id"), (group, field, rows) => group.WriteAsync<Guid>(field, Of(rows, e => e.Id))),
        Text("environment", e => e.Environment),
        Text("flag", e => e.Flag),
        Text("variant", e => e.Variant),
        Text("unit", e => e.Unit),
        NullableText("unitKind", e => e.UnitKind),
        Text("reason", e => e.Reason),
        NullableText("ruleId", e => e.RuleId),
        Number("flagVersion", e => e.FlagVersion),
        Number("sequence", e => e.Sequence),
        NullableText("attributes", e => e.Attributes?.GetRawText()),
        Time("time", e => e.Time),
        Text("timing", e => JsonNamingPolicy.KebabCaseLower.ConvertName(e.Timing.ToString())),
        Time("receivedAt", e => e.ReceivedAt),
        NullableText("source", e => e.Source),
    ];

    /// <summary>Writes all of them; an empty file has the columns, too.</summary>
    public static async Task WriteAsync(IAsyncEnumerable<ExposureView> exposures, Stream output, CancellationToken cancellationToken)
    {
        var options = new ParquetOptions { CompressionMethod = CompressionMethod.Zstd };
        await using var counted = new ForwardStream(output);
        await using var writer = await ParquetWriter.CreateAsync(
            new ParquetSchema(Columns.Select(column => column.Field)), counted, options, append: false, cancellationToken);
        var rows = new List<ExposureView>(GroupRows);
        await foreach (var exposure in exposures.WithCancellation(cancellationToken))
        {
            rows.Add(exposure);
            if (rows.Count < GroupRows)
                continue;
            await WriteGroupAsync(writer, rows);
            rows.Clear();
        }

        if (rows.Count > 0)
            await WriteGroupAsync(writer, rows);
    }

    private static async Task WriteGroupAsync(ParquetWriter writer, List<ExposureView> rows)
    {
        using var group = writer.CreateRowGroup();
        foreach (var column in Columns)
            await column.WriteAsync(group, column.Field, rows);
        group.CompleteValidate();
    }

    private static Column Number(string name, Func<ExposureView, long> value) =>
        new(new DataField<long>(name), (group, field, rows) => group.WriteAsync<long>(field, Of(rows, value)));

    private static Column Text(string name, Func<ExposureView, string> value) =>
        new(new DataField(name, typeof(string), isNullable: false), (group, field, rows) => group.WriteAsync(field, Of(rows, value)));

    private static Column NullableText(string name, Func<ExposureView, string?> value) =>
        new(new DataField(name, typeof(string), isNullable: true), (group, field, rows) => group.WriteAsync(field, Of(rows, value)!));

    private static Column Time(string name, Func<ExposureView, DateTimeOffset> value) => new(
        new DateTimeDataField(name, DateTimeFormat.Timestamp, isAdjustedToUTC: true, unit: DateTimeTimeUnit.Micros, isNullable: false),
        (group, field, rows) => group.WriteAsync<DateTime>(field, Of(rows, e => value(e).UtcDateTime)));

    private static T[] Of<T>(List<ExposureView> rows, Func<ExposureView, T> value) => [.. rows.Select(value)];

    private sealed record Column(DataField Field, Func<ParquetRowGroupWriter, DataField, List<ExposureView>, Task> WriteAsync);
}
