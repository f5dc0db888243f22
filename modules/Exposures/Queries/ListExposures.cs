using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Delivery.Contracts.Http;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Delivery.Exposures.Queries;

/// <summary>Who was exposed: a page of JSON, or all of it as NDJSON, CSV or Parquet by <c>Accept</c>.</summary>
internal static class ListExposures
{
    private const string NdJson = "application/x-ndjson";
    private const string Csv = "text/csv";
    private const string CsvHead = "position,id,environment,flag,variant,unit,unitKind,reason,ruleId,flagVersion,sequence,attributes,time,timing,receivedAt,source\r\n";

    public static async Task<IResult> Handle(ExposureFilter filter, Paging paging, HttpContext http, NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        var after = QueryValues.Number(http, "after") ?? 0;
        var accept = http.Request.Headers.Accept.ToString();
        if (accept.Contains(NdJson, StringComparison.OrdinalIgnoreCase))
            return Results.Stream(output => WriteLinesAsync(filter, after, database, output, http.RequestAborted), NdJson);
        if (accept.Contains(Csv, StringComparison.OrdinalIgnoreCase))
            return Results.Stream(output => WriteCsvAsync(filter, after, database, output, http.RequestAborted), Csv, "exposures.csv");
        if (accept.Contains(ExposureParquet.MediaType, StringComparison.OrdinalIgnoreCase))
            return Results.Stream(
                output => ExposureParquet.WriteAsync(ReadAsync(filter, after, null, database, http.RequestAborted), output, http.RequestAborted),
                ExposureParquet.MediaType, "exposures.parquet");

        var items = new List<ExposureView>(paging.Limit + 1);
        await foreach (var exposure in ReadAsync(filter, after, paging.Limit + 1, database, cancellationToken))
            items.Add(exposure);
        return Results.Ok(items.Count > paging.Limit
            ? new ExposurePage(items[..paging.Limit], items[paging.Limit - 1].Position)
            : new ExposurePage(items, null));
    }

    /// <summary>What one unit was exposed to, when and why. Routing leaves a slash in the unit's key escaped; everything else it unescapes.</summary>
    public static Task<IResult> OfUnit(string unit, ExposureFilter filter, Paging paging, HttpContext http, NpgsqlDataSource database, CancellationToken cancellationToken) =>
        Handle(filter with { Unit = unit.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase) }, paging, http, database, cancellationToken);

    /// <summary>
    /// A unit has few rows, and every slice says at once where they may be; the planner, which expects to read most of a slice by its
    /// summaries, must not read all of it instead, nor prepare for much work.
    /// </summary>
    internal const string ByUnit = "SELECT set_config('enable_seqscan', 'off', true), set_config('max_parallel_workers_per_gather', '0', true), set_config('jit', 'off', true);";

    /// <summary>The statement; its parameters are added to <paramref name="command"/>.</summary>
    internal static string Question(ExposureFilter filter, long after, int? limit, NpgsqlCommand command) => string.Create(CultureInfo.InvariantCulture, $"""
        SELECT {ExposureView.Columns} FROM {(filter.Unit is null ? $"{ExposureTable.Recorded} e WHERE {filter.Where(command)}" : filter.FromUnit(command))}
        AND e.position > {after}
        ORDER BY e.position{(limit is null ? "" : $" LIMIT {limit}")}
        """);

    private static async IAsyncEnumerable<ExposureView> ReadAsync(
        ExposureFilter filter, long after, int? limit, NpgsqlDataSource database, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var command = database.CreateQuestion();
        command.CommandText = (filter.Unit is null ? "" : ByUnit) + Question(filter, after, limit, command);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (filter.Unit is not null)
            await reader.NextResultAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            yield return ExposureView.Read(reader);
    }

    private static async Task WriteLinesAsync(ExposureFilter filter, long after, NpgsqlDataSource database, Stream output, CancellationToken cancellationToken)
    {
        await foreach (var exposure in ReadAsync(filter, after, null, database, cancellationToken))
        {
            await JsonSerializer.SerializeAsync(output, exposure, Json.Options, cancellationToken);
            await output.WriteAsync("\n"u8.ToArray(), cancellationToken);
        }
    }

    private static async Task WriteCsvAsync(ExposureFilter filter, long after, NpgsqlDataSource database, Stream output, CancellationToken cancellationToken)
    {
        await using var writer = new StreamWriter(output, new UTF8Encoding(false));
        await writer.WriteAsync(CsvHead.AsMemory(), cancellationToken);
        await foreach (var e in ReadAsync(filter, after, null, database, cancellationToken))
        {
            string?[] cells =
            [
                e.Position.ToString(CultureInfo.InvariantCulture), e.Id.ToString(), e.Environment, e.Flag, e.Variant, e.Unit, e.UnitKind, e.Reason, e.RuleId,
                e.FlagVersion.ToString(CultureInfo.InvariantCulture), e.Sequence.ToString(CultureInfo.InvariantCulture), e.Attributes?.GetRawText(),
                e.Time.ToString("O", CultureInfo.InvariantCulture), Word(e.Timing), e.ReceivedAt.ToString("O", CultureInfo.InvariantCulture), e.Source,
            ];
            await writer.WriteAsync((string.Join(',', cells.Select(Cell)) + "\r\n").AsMemory(), cancellationToken);
        }
    }

    /// <summary>RFC 4180. A cell that a spreadsheet would run as a formula gets an apostrophe: unit keys come from outside.</summary>
    private static string Cell(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return "";
        if (text[0] is '=' or '+' or '-' or '@' or '\t' or '\r')
            text = "'" + text;
        return text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    private static string Word(Timing timing) => JsonNamingPolicy.KebabCaseLower.ConvertName(timing.ToString());
}
