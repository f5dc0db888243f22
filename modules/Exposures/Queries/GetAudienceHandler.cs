using Delivery.Contracts.Exposures;
using Mediator;
using Npgsql;

namespace Delivery.Exposures.Queries;

/// <summary>Groups and all units in one reading.</summary>
internal sealed class GetAudienceHandler(NpgsqlDataSource database) : IQueryHandler<GetAudience, Audience>
{
    private const int MostGroups = 200;

    public async ValueTask<Audience> Handle(GetAudience query, CancellationToken cancellationToken)
    {
        await using var command = database.CreateQuestion();
        var filter = new ExposureFilter(Environment: query.Environment, Flag: query.Flag);
        command.CommandText = $"""
            SELECT variant, reason, rule_id, flag_version, count(*), count(DISTINCT unit), min(time), max(time)
            FROM {ExposureTable.Recorded} e WHERE {filter.Where(command)} AND e.received_at >= @since
            GROUP BY GROUPING SETS ((variant, reason, rule_id, flag_version), ())
            ORDER BY GROUPING(variant) DESC, count(*) DESC, variant, reason, rule_id, flag_version LIMIT {MostGroups + 1}
            """;
        command.Parameters.AddWithValue("since", query.Since.ToUniversalTime());
        var groups = new List<AudienceGroup>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        // The whole comes first.
        await reader.ReadAsync(cancellationToken);
        var units = reader.GetInt64(5);
        while (await reader.ReadAsync(cancellationToken))
        {
            groups.Add(new AudienceGroup(
                reader.GetString(0), reader.GetString(1), await reader.IsDBNullAsync(2, cancellationToken) ? null : reader.GetString(2), reader.GetInt64(3),
                reader.GetInt64(4), reader.GetInt64(5), reader.GetFieldValue<DateTimeOffset>(6), reader.GetFieldValue<DateTimeOffset>(7)));
        }

        return new Audience(groups, units);
    }
}
