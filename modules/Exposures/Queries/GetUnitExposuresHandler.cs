using Delivery.Contracts.Exposures;
using Mediator;
using Npgsql;

namespace Delivery.Exposures.Queries;

/// <summary>By the index of units.</summary>
internal sealed class GetUnitExposuresHandler(NpgsqlDataSource database) : IQueryHandler<GetUnitExposures, IReadOnlyList<UnitExposure>>
{
    public async ValueTask<IReadOnlyList<UnitExposure>> Handle(GetUnitExposures query, CancellationToken cancellationToken)
    {
        await using var command = database.CreateQuestion();
        command.CommandText = $"""
            {ListExposures.ByUnit}
            SELECT e.flag, e.environment, e.variant, e.reason, e.rule_id, e.flag_version, e.time
            FROM {new ExposureFilter(Unit: query.Unit).FromUnit(command)} ORDER BY e.position DESC LIMIT @limit
            """;
        command.Parameters.AddWithValue("limit", query.Limit);
        var met = new List<UnitExposure>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            met.Add(new UnitExposure(
                reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3),
                await reader.IsDBNullAsync(4, cancellationToken) ? null : reader.GetString(4), reader.GetInt64(5), reader.GetFieldValue<DateTimeOffset>(6)));
        }

        return met;
    }
}
