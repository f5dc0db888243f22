using System.Globalization;
using System.Runtime.CompilerServices;
using Delivery.Contracts.Http;
using Delivery.Contracts.Targeting;
using Delivery.Exposures.Queries;
using Mediator;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Delivery.Exposures.Verifying;

/// <summary>Which exposures to verify.</summary>
/// <param name="Environment">The environment's key.</param>
/// <param name="Flag">The flag's key; every flag when left out.</param>
/// <param name="From">By the sender's time, inclusive.</param>
/// <param name="To">By the sender's time, exclusive.</param>
/// <param name="Limit">The newest so many, 1 to 100,000; 10,000 when left out.</param>
internal sealed record VerificationRequest(
    string Environment, string? Flag = null, DateTimeOffset? From = null, DateTimeOffset? To = null, int Limit = 10_000);

/// <summary><c>POST /api/v1/exposures/verify</c>.</summary>
internal static class VerifyExposures
{
    private const int MostRows = 100_000;

    public static async Task<IResult> Handle(
        Body<VerificationRequest> body, ISender sender, ExposureVerifier verifier, NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        var request = body.Value;
        if (request.Limit is < 1 or > MostRows)
            throw new InvalidRequest("limit", $"a whole number from 1 to {MostRows}");
        if (request.From >= request.To)
            throw new InvalidRequest("to", "a time after from");
        if (!await sender.Send(new KnowsEnvironment(request.Environment), cancellationToken))
            return Problems.NotFound("environment", request.Environment);
        var filter = new ExposureFilter(Environment: request.Environment, Flag: request.Flag, From: request.From, To: request.To);
        return Results.Json(await verifier.VerifyAsync(NewestAsync(filter, request.Limit, database, cancellationToken), cancellationToken), Json.Options);
    }

    private static async IAsyncEnumerable<ExposureView> NewestAsync(
        ExposureFilter filter, int limit, NpgsqlDataSource database, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var command = database.CreateQuestion();
        command.CommandText = string.Create(CultureInfo.InvariantCulture, $"""
            SELECT {ExposureView.Columns} FROM {ExposureTable.Recorded} e
            WHERE {filter.Where(command)} ORDER BY e.position DESC LIMIT {limit}
            """);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            yield return ExposureView.Read(reader);
    }
}
