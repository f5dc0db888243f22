using System.Collections.Concurrent;
using Npgsql;

namespace Delivery.Metrics.Intake.OpenTelemetry;

/// <summary>
/// How many cumulative series an environment has, so that a sender who makes up attributes can't fill the database. Counted anew each
/// minute, and added to meanwhile: several servers may pass the limit by what the others add in a minute.
/// </summary>
internal sealed class SeriesQuota(string table)
{
    private static readonly TimeSpan CountEvery = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<string, Count> _counts = new(StringComparer.Ordinal);

    /// <summary>Room for so many more of what an environment wants; the others are refused.</summary>
    public async Task<int> TakeAsync(string environment, int wanted, int most, NpgsqlConnection connection, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var count = _counts.GetOrAdd(environment, _ => new Count());
        if (count.IsOld(now))
        {
            await using var command = new NpgsqlCommand($"SELECT count(*) FROM {table} WHERE environment = $1", connection);
            command.Parameters.AddWithValue(environment);
            count.Set((long)(await command.ExecuteScalarAsync(cancellationToken))!, now);
        }

        return count.Take(wanted, most);
    }

    /// <summary>Old series were let go: what there is will be counted anew.</summary>
    public void Forget() => _counts.Clear();

    private sealed class Count
    {
        private readonly Lock _gate = new();
        private DateTimeOffset _countedAt;
        private long _series;

        public bool IsOld(DateTimeOffset now)
        {
            lock (_gate)
                return now - _countedAt >= CountEvery;
        }

        public void Set(long series, DateTimeOffset now)
        {
            lock (_gate)
                (_series, _countedAt) = (series, now);
        }

        public int Take(int wanted, int most)
        {
            lock (_gate)
            {
                var room = (int)Math.Clamp(most - _series, 0, wanted);
                _series += room;
                return room;
            }
        }
    }
}
