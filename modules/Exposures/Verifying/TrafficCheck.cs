using Delivery.Contracts.Targeting;
using Delivery.Exposures.Queries;
using Mediator;
using Npgsql;

namespace Delivery.Exposures.Verifying;

/// <summary>Counts a flag's units by epoch and compares them with its allocation. Reads every exposure of the flag.</summary>
internal sealed class TrafficCheck(ISender sender, NpgsqlDataSource database, TimeProvider time)
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
        return Traffic.Report(flag, environment, known.Owner, epochs, cells, isHeldOut, time.GetUtcNow());
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
