using Delivery.Contracts.Metrics;
using Delivery.Statistics;

namespace Delivery.Rollouts.Tests.Simulation;

/// <summary>How a request of an arm goes.</summary>
/// <param name="FailureRate">Chance that it fails.</param>
/// <param name="SlowRate">Chance that it takes <paramref name="SlowMilliseconds"/> longer.</param>
/// <param name="Speed">Factor on the usual duration.</param>
internal sealed record Behaviour(double FailureRate, double SlowRate = 0, double SlowMilliseconds = 0, double Speed = 1);

/// <summary>
/// The demo's shop in a fake clock: users with a fixed place in the exposure, requests at random, durations lognormal
/// around 80 ms. It counts as Metrics does: per flag version and arm, distinct units.
/// </summary>
internal sealed class Shop(int seed, Behaviour released, Behaviour control, int users = 4_000, int requestsPerSecond = 60)
{
    private readonly Random _random = new(seed);
    private readonly double[] _place = Places(seed, users);
    private readonly SortedDictionary<long, (Tally Released, Tally Control)> _epochs = [];

    public DateTimeOffset? FirstBadAt { get; private set; }

    /// <summary>One second of traffic.</summary>
    public void Serve(long flagVersion, double exposure, DateTimeOffset now)
    {
        if (!_epochs.TryGetValue(flagVersion, out var epoch))
            _epochs[flagVersion] = epoch = (new Tally(), new Tally());
        for (var i = 0; i < requestsPerSecond; i++)
        {
            var user = _random.Next(users);
            var exposed = _place[user] < exposure;
            var behaviour = exposed ? released : control;
            var failed = _random.NextDouble() < behaviour.FailureRate;
            var milliseconds = 80 * behaviour.Speed * Math.Exp(0.5 * Normal())
                + (_random.NextDouble() < behaviour.SlowRate ? behaviour.SlowMilliseconds : 0);
            (exposed ? epoch.Released : epoch.Control).Add(user, failed, (long)(milliseconds * 1_000));
            if (exposed && failed)
                FirstBadAt ??= now;
        }
    }

    public ReleaseHealth Health(DateTimeOffset now) => new(
        _epochs.Select(e => new EpochHealth(e.Key, e.Value.Released.Arm(), e.Value.Control.Arm())).ToList(), now, now, FirstBadAt, now);

    private static double[] Places(int seed, int users)
    {
        var random = new Random(seed ^ 0x5f3759df);
        return Enumerable.Range(0, users).Select(_ => random.NextDouble()).ToArray();
    }

    private double Normal() => Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());

    private sealed class Tally
    {
        private readonly HashSet<int> _units = [];
        private readonly HashSet<int> _failing = [];
        private readonly LogHistogram _latency = new();
        private long _requests;
        private long _errors;

        public void Add(int user, bool failed, long microseconds)
        {
            _requests++;
            _units.Add(user);
            _latency.Add(microseconds);
            if (!failed)
                return;
            _errors++;
            _failing.Add(user);
        }

        public ArmHealth Arm() => new(
            _requests, _units.Count, _requests, _errors, _failing.Count,
            _latency.Filled().Select(b => new LatencyBucket(LogHistogram.LowestOf(b.Bucket), LogHistogram.HighestOf(b.Bucket) + 1, b.Count)).ToList(),
            new Dictionary<string, long>());
    }
}
