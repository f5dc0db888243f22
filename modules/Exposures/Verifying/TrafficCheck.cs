using Delivery.Contracts.Targeting;
using Delivery.Exposures.Queries;
using Mediator;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Delivery.Exposures.Verifying;

/// <summary>Counts a flag's units by epoch and compares them with its allocation. Reads every exposure of the flag.</summary>
internal sealed class TrafficCheck(ISender sender, NpgsqlDataSource database, IOptions<VerifyingOptions> options, TimeProvider time)
{
    /// <summary>Null when there is no such flag.</summary>
    public async Task<TrafficReport?> RunAsync(string flag, string environment, CancellationToken cancellationToken)
    {
        if (await sender.Send(new GetFlagRevisions(flag, environment), cancellationToken) is not { } known)
            return null;
        var epochs = Allocation.Epochs(known.Revisions);
        var (cells, lastSequence) = await CellsAsync(flag, environment, epochs, cancellationToken);
        var surroundings = await sender.Send(
            new GetRulesetAsOf(flag, environment, lastSequence > 0 ? lastSequence : known.Revisions[^1].Definition.Sequence), cancellationToken);
        if (surroundings?.Layers.Any(layer => layer.Slots.Any(slot => slot.Flag == flag)) == true)
            epochs = [.. epochs.Select(Allocation.InLayer)];
        var isHeldOut = surroundings?.Holdouts.Any(holdout => holdout.Flags.Contains(flag)) == true;
        var now = time.GetUtcNow();
        return Traffic.Report(
            flag, environment, known.Owner, epochs, cells, isHeldOut, now, await ForecastAsync(flag, environment, now, cancellationToken),
            known.Revisions[^1].Definition is { Enabled: false } or { Killed: true } or { Archived: true });
    }

    /// <summary>Units whose exposures came in during the last span and those like it.</summary>
    private async Task<TrafficForecast> ForecastAsync(string flag, string environment, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var length = options.Value.TrafficEvery;
        var begins = TrafficForecast.Begins(now, length);
        await using var command = database.CreateQuestion($"""
            SELECT min(e.received_at), {string.Join(", ", begins.Select((_, at) =>
                $"count(DISTINCT e.unit_hash) FILTER (WHERE e.received_at >= ${at + 4} AND e.received_at < ${at + 4}::timestamptz + $3)"))}
            FROM {ExposureTable.Recorded} e WHERE e.environment = $1 AND e.flag = $2 AND e.received_at >= ${begins.Count + 4}
            """);
        command.Parameters.AddWithValue(environment);
        command.Parameters.AddWithValue(flag);
        command.Parameters.AddWithValue(length);
        foreach (var begin in begins)
            command.Parameters.AddWithValue(begin);
        // A look longer, so that a flag that was met all the time is seen to have been met before the earliest span.
        command.Parameters.AddWithValue(begins.Min() - length);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return TrafficForecast.Of(
            [.. begins.Select((begin, at) => new TrafficSpan(begin, begin + length, reader.GetInt64(at + 1)))],
            await reader.IsDBNullAsync(0, cancellationToken) ? null : reader.GetFieldValue<DateTimeOffset>(0));
    }

    /// <summary>The version that an exposure names says its epoch: no clock is asked.</summary>
    private async Task<(List<TrafficCell> Cells, long LastSequence)> CellsAsync(
        string flag, string environment, IReadOnlyList<AllocationEpoch> epochs, CancellationToken cancellationToken)
    {
        await using var command = database.CreateQuestion($"""
            WITH met AS (
                SELECT DISTINCT ON (e.unit_hash, e.unit, width_bucket(e.flag_version, $3))
                    e.unit_hash, e.unit, width_bucket(e.flag_version, $3) AS epoch, e.variant, upper(e.reason) AS reason, e.rule_id, e.sequence
                FROM {ExposureTable.Recorded} e WHERE e.environment = $1 AND e.flag = $2
                ORDER BY e.unit_hash, e.unit, width_bucket(e.flag_version, $3), e.time, e.id)
            SELECT epoch, variant, reason, rule_id, is_new, count(*), max(sequence)
            FROM (SELECT met.*, row_number() OVER (PARTITION BY unit_hash, unit ORDER BY epoch) = 1 AS is_new FROM met WHERE epoch > 0) units
            GROUP BY epoch, variant, reason, rule_id, is_new
            """);
        command.Parameters.AddWithValue(environment);
        command.Parameters.AddWithValue(flag);
        command.Parameters.AddWithValue(epochs.Select(epoch => epoch.FirstVersion).ToArray());
        var cells = new List<TrafficCell>();
        var lastSequence = 0L;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            cells.Add(new TrafficCell(
                reader.GetInt32(0) - 1, reader.GetString(1), reader.GetString(2), reader.IsDBNull(3) ? null : reader.GetString(3), reader.GetBoolean(4), reader.GetInt64(5)));
            lastSequence = Math.Max(lastSequence, reader.GetInt64(6));
        }

        return (cells, lastSequence);
    }
}
