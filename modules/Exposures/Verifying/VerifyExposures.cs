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
/// <param name="Before">Of those below this position: the <c>next</c> of the answer before, until there is none.</param>
internal sealed record VerificationRequest(
    string Environment, string? Flag = null, DateTimeOffset? From = null, DateTimeOffset? To = null, int Limit = 10_000, long? Before = null);

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
        if (request.Before < 1)
            throw new InvalidRequest("before", "the next of an answer before");
        if (!await sender.Send(new KnowsEnvironment(request.Environment), cancellationToken))
            return Problems.NotFound("environment", request.Environment);
        var filter = new ExposureFilter(Environment: request.Environment, Flag: request.Flag, From: request.From, To: request.To);
        var (seen, last) = (0, 0L);
        var report = await verifier.VerifyAsync(NewestAsync(filter, request, database, exposure => (seen, last) = (seen + 1, exposure.Position), cancellationToken), cancellationToken);
        return Results.Json(report with { Next = seen == request.Limit ? last : null }, Json.Options);
    }

    private static async IAsyncEnumerable<ExposureView> NewestAsync(
        ExposureFilter filter, VerificationRequest request, NpgsqlDataSource database, Action<ExposureView> note, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var command = database.CreateQuestion();
        command.CommandText = string.Create(CultureInfo.InvariantCulture, $"""
            SELECT {ExposureView.Columns} FROM {ExposureTable.Recorded} e
            WHERE {filter.Where(command)} AND e.position < {request.Before ?? long.MaxValue} ORDER BY e.position DESC LIMIT {request.Limit}
            """);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var exposure = ExposureView.Read(reader);
            note(exposure);
            yield return exposure;
        }
    }
}
