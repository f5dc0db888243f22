using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Delivery.Contracts.Exposures;
using Delivery.Exposures.Privacy;
using Delivery.Exposures.Verifying;
using Mediator;
using Npgsql;

namespace Delivery.Exposures.Queries;

/// <summary>Reads row by row: PostgreSQL sorts, on disk if it must, and nothing is kept here.</summary>
internal sealed class ReadRecordedContextsHandler(NpgsqlDataSource database) : IStreamQueryHandler<ReadRecordedContexts, RecordedContext>
{
    public async IAsyncEnumerable<RecordedContext> Handle(ReadRecordedContexts query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var command = database.CreateQuestion(string.Create(CultureInfo.InvariantCulture, $"""
            SELECT DISTINCT ON (e.unit_hash, e.unit) e.unit, e.unit_kind, e.attributes, e.time, e.sequence
            FROM {ExposureTable.Recorded} e
            WHERE e.environment = $1 AND e.flag = $2 AND e.time >= $3 AND e.time < $4
            ORDER BY e.unit_hash, e.unit, e.time DESC, e.id DESC LIMIT {query.Units}
            """));
        command.Parameters.AddWithValue(query.Environment);
        command.Parameters.AddWithValue(query.Flag);
        command.Parameters.AddWithValue(query.From.ToUniversalTime());
        command.Parameters.AddWithValue(query.To.ToUniversalTime());
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var unit = reader.GetString(0);
            var attributes = reader.IsDBNull(2) ? null : reader.GetString(2);
            yield return new RecordedContext(
                unit,
                reader.IsDBNull(1) ? null : reader.GetString(1),
                Whole(attributes),
                reader.GetFieldValue<DateTimeOffset>(3),
                reader.GetInt64(4),
                Rederivation.IsForgotten(unit, attributes is not null));
        }
    }

    /// <summary>Attributes of which some were hashed or omitted are not the context: as good as not recorded.</summary>
    private static JsonElement? Whole(string? attributes)
    {
        if (attributes is null)
            return null;
        var recorded = JsonElement.Parse(attributes);
        return recorded.EnumerateObject().Any(attribute => Withheld.IsOne(attribute.Value)) ? null : recorded;
    }
}
