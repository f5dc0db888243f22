using Delivery.Contracts.Http;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Delivery.Exposures.Queries;

/// <summary>A unit and its first exposure among those asked for.</summary>
/// <param name="Unit">The unit's key.</param>
/// <param name="FirstVariant">The variant of its first exposure, by the sender's time.</param>
/// <param name="FirstAt">When that was.</param>
/// <param name="Exposures">How many exposures it had.</param>
/// <param name="Variants">Which variants it saw; more than one is a crossover.</param>
internal sealed record ExposedUnit(string Unit, string FirstVariant, DateTimeOffset FirstAt, long Exposures, IReadOnlyList<string> Variants);

/// <summary>The units exposed to a flag, each once, with their first exposure; or only those that saw more than one variant.</summary>
internal static class UnitsExposed
{
    public static Task<IResult> All(ExposureFilter filter, Paging paging, NpgsqlDataSource database, CancellationToken cancellationToken) =>
        Handle(filter, paging, "", database, cancellationToken);

    public static Task<IResult> Crossovers(ExposureFilter filter, Paging paging, NpgsqlDataSource database, CancellationToken cancellationToken) =>
        Handle(filter, paging, "HAVING count(DISTINCT e.variant) > 1", database, cancellationToken);

    private static async Task<IResult> Handle(ExposureFilter filter, Paging paging, string having, NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        if (filter.Flag is null)
            throw new InvalidRequest("flag", "a flag's key: a first exposure is the first to one flag");
        await using var command = database.CreateQuestion();
        command.CommandText = $"""
            SELECT e.unit, (array_agg(e.variant ORDER BY e.time, e.id))[1], min(e.time), count(*), array_agg(DISTINCT e.variant ORDER BY e.variant)
            FROM {ExposureTable.Recorded} e
            WHERE e.unit COLLATE "C" > @after_unit AND {filter.Where(command)}
            GROUP BY e.unit {having} ORDER BY e.unit COLLATE "C" LIMIT {paging.Limit + 1}
            """;
        command.Parameters.AddWithValue("after_unit", paging.After ?? "");
        var units = new List<ExposedUnit>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            units.Add(new ExposedUnit(
                reader.GetString(0), reader.GetString(1), reader.GetFieldValue<DateTimeOffset>(2), reader.GetInt64(3), reader.GetFieldValue<string[]>(4)));
        return Results.Ok(units.Count > paging.Limit
            ? new Page<ExposedUnit>(units[..paging.Limit], units[paging.Limit - 1].Unit)
            : new Page<ExposedUnit>(units, null));
    }
}
