using System.Runtime.CompilerServices;
using Delivery.Contracts.Http;
using Delivery.Contracts.Targeting;
using Delivery.Exposures.Queries;
using Delivery.Exposures.Verifying;
using Mediator;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Delivery.Exposures.Assignments;

/// <summary>
/// Whether units are assigned as the ledger says. A page looks at so many units as its limit says, by key, each by its newest
/// exposure; it reads every exposure of the flag to find them, for there is no index by flag.
/// </summary>
internal static class AssignmentQueries
{
    /// <summary>
    /// Exposures without assignment: recorded as if the flag had assigned the unit, by a configuration that gave it no variant of its
    /// own (it was off, or no rule and no split decided).
    /// </summary>
    public static Task<IResult> Unassigned(
        ExposureFilter filter, Paging paging, ExposureVerifier verifier, ISender sender, NpgsqlDataSource database, CancellationToken cancellationToken) =>
        AnswerAsync(filter, paging, sender, database, async exposure => await verifier.DeriveAsync(exposure, cancellationToken) switch
        {
            Derivation.Differs differs when IsAssigned(differs.Expected) => Derivation.Matches.Instance,
            var derivation => derivation,
        }, cancellationToken);

    /// <summary>Assignments that no longer hold: the newest exposure's variant is not the one the flag gives the unit now.</summary>
    public static Task<IResult> Outdated(
        ExposureFilter filter, Paging paging, ISender sender, ILiveSnapshots live, NpgsqlDataSource database, CancellationToken cancellationToken) =>
        AnswerAsync(filter, paging, sender, database, exposure => ValueTask.FromResult(Now(live, exposure)), cancellationToken);

    private static Derivation Now(ILiveSnapshots live, ExposureView exposure)
    {
        if (live.Find(exposure.Environment) is not { } snapshot || snapshot.Definition(exposure.Flag) is null)
            return new Derivation.Underivable(Rederivation.VersionUnknown);
        // Another reason or rule for the same variant is no other assignment.
        return Rederivation.Compare(snapshot, exposure) switch
        {
            Derivation.Differs differs when differs.Expected.Variant == exposure.Variant => Derivation.Matches.Instance,
            var derivation => derivation,
        };
    }

    private static bool IsAssigned(DecisionView decision) => decision.Reason is "SPLIT" or "TARGETING_MATCH";

    private static async Task<IResult> AnswerAsync(
        ExposureFilter filter, Paging paging, ISender sender, NpgsqlDataSource database, Func<ExposureView, ValueTask<Derivation>> derive,
        CancellationToken cancellationToken)
    {
        var (flag, environment) = (
            filter.Flag ?? throw new InvalidRequest("flag", "a flag's key: a unit is assigned by one flag"),
            filter.Environment ?? throw new InvalidRequest("environment", "an environment's key: a unit is assigned in one environment"));
        if (await sender.Send(new FindFlag(flag, environment), cancellationToken) is null)
            return Problems.NotFound("flag", flag);
        var items = new List<MisassignedUnit>();
        long seen = 0, underivable = 0;
        string? last = null;
        await foreach (var exposure in NewestAsync(filter, paging, database, cancellationToken))
        {
            if (seen == paging.Limit)
                return Results.Ok(new AssignmentPage(items, seen, underivable, last));
            seen++;
            last = exposure.Unit;
            switch (await derive(exposure))
            {
                case Derivation.Underivable:
                    underivable++;
                    break;
                case Derivation.Differs(var given):
                    items.Add(new MisassignedUnit(exposure.Unit, exposure.Id, exposure.Position, exposure.Time, DecisionView.Recorded(exposure), given));
                    break;
            }
        }

        return Results.Ok(new AssignmentPage(items, seen, underivable, null));
    }

    private static async IAsyncEnumerable<ExposureView> NewestAsync(
        ExposureFilter filter, Paging paging, NpgsqlDataSource database, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var command = database.CreateQuestion();
        command.CommandText = $"""
            SELECT DISTINCT ON (e.unit COLLATE "C") {ExposureView.Columns} FROM {ExposureTable.Recorded} e
            WHERE e.unit COLLATE "C" > @after_unit AND {filter.Where(command)}
            ORDER BY e.unit COLLATE "C", e.time DESC, e.id DESC LIMIT {paging.Limit + 1}
            """;
        command.Parameters.AddWithValue("after_unit", paging.After ?? "");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            yield return ExposureView.Read(reader);
    }
}
