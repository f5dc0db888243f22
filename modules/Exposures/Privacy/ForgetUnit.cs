using Delivery.Contracts.Access;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Exposures;
using Delivery.Contracts.Http;
using Delivery.Exposures.Queries;
using Delivery.Segments;
using Marten;
using Mediator;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Delivery.Exposures.Privacy;

/// <summary>
/// Masks a unit in every exposure: its key becomes a pseudonym that nothing leads back from, its attributes go. Counts of
/// exposures and units stay as they were. Repeating it changes nothing.
/// </summary>
/// <param name="Audit">Who, why.</param>
/// <param name="Unit">The unit's key. It is in no event.</param>
/// <param name="Pseudonym">What stands in its place.</param>
internal sealed record ForgetUnit(Audit Audit, string Unit, string Pseudonym) : Command(Audit)
{
    public override AccessRole RequiredRole => AccessRole.Admin;
}

/// <summary>The rows are masked and their segments sealed again in the command's one transaction.</summary>
internal sealed class ForgetUnitHandler(IDocumentSession session, SegmentLog<RecordedExposure> log) : ICommandHandler<ForgetUnit, Outcome>
{
    public async ValueTask<Outcome> Handle(ForgetUnit command, CancellationToken cancellationToken)
    {
        await session.BeginTransactionAsync(cancellationToken);
        var positions = await MaskAsync(command, cancellationToken);
        if (positions.Length > 0)
            await log.ResealAsync(session, command.Pseudonym, positions, cancellationToken);
        return new Outcome.Done("unit", command.Pseudonym, positions.Length, Changed: positions.Length > 0);
    }

    private async Task<long[]> MaskAsync(ForgetUnit command, CancellationToken cancellationToken)
    {
        await using var update = session.Connection.CreateCommand();
        update.CommandText = $"""
            UPDATE {ExposureTable.Rows} SET unit = $1, unit_hash = $2, attributes = NULL
            WHERE unit_hash = $3 AND unit = $4 RETURNING position
            """;
        update.Parameters.Add(new NpgsqlParameter { Value = command.Pseudonym });
        update.Parameters.Add(new NpgsqlParameter { Value = ExposureFilter.HashOf(command.Pseudonym) });
        update.Parameters.Add(new NpgsqlParameter { Value = ExposureFilter.HashOf(command.Unit) });
        update.Parameters.Add(new NpgsqlParameter { Value = command.Unit });
        var positions = new List<long>();
        await using var reader = await update.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            positions.Add(reader.GetInt64(0));
        return [.. positions];
    }
}

/// <summary><c>DELETE /api/v1/units/{unit}</c>.</summary>
internal static class ForgetUnitEndpoint
{
    public static async Task<IResult> Handle(string unit, HttpContext http, ISender sender, TimeProvider time, CancellationToken cancellationToken)
    {
        var key = unit.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        var pseudonym = $"forgotten-{Guid.CreateVersion7(time.GetUtcNow()):N}";
        var outcome = await sender.Send(new ForgetUnit(http.Audit() with { IdempotencyKey = null }, key, pseudonym), cancellationToken);
        return outcome.ToResult(done => Results.Ok(new ForgottenUnit(done.Changed ? done.Key : null, done.Version)));
    }
}

/// <summary>What forgetting a unit did.</summary>
/// <param name="Pseudonym">What stands in its place now; absent when there was nothing of it.</param>
/// <param name="Exposures">How many exposures were masked.</param>
internal sealed record ForgottenUnit(string? Pseudonym, long Exposures);
