using Delivery.EndToEnd.Tests.Platform;

namespace Delivery.EndToEnd.Tests.Demo;

/// <summary>
/// Counts an arm again from the raw rows, in the order the logs took them. A decision rests on a look, and a look on
/// what the logs held at that moment: the decision's numbers must come by exactly, for both arms at once, at one position.
/// </summary>
internal static class Rederivation
{
    /// <returns>Whether there is a moment at which the exposures give both arms' numbers.</returns>
    public static async Task<bool> GivesAsync(this IAsyncEnumerable<Exposure> ledger, Evidence evidence, string variant, long fromVersion)
    {
        var (released, control) = (new ExposureTally(), new ExposureTally());
        await foreach (var exposure in ledger.Where(exposure => exposure.FlagVersion >= fromVersion))
        {
            (exposure.Variant == variant ? released : control).Take(exposure);
            if (released.Is(evidence.Released) && control.Is(evidence.Control))
                return true;
        }

        return false;
    }

    /// <returns>Whether there is a moment at which the metric events give both arms' requests and failures.</returns>
    public static bool Gives(this IEnumerable<MetricEvent> events, Evidence evidence, string flag, string variant, long fromVersion)
    {
        var (released, control) = (new RequestTally(), new RequestTally());
        foreach (var request in events.Where(e => e.DurationMs is not null || e.Error is not null).OrderBy(e => e.Position))
        {
            if (request.Flags?.GetValueOrDefault(flag) is not { } served || served.Version < fromVersion)
                continue;
            (served.Variant == variant ? released : control).Take(request, served.Version);
            if (released.Is(evidence.Released) && control.Is(evidence.Control))
                return true;
        }

        return false;
    }

    /// <summary>A unit counts once per flag version: each version is an assignment of its own.</summary>
    private sealed class ExposureTally
    {
        private readonly HashSet<(long, string)> _units = [];
        private long _exposures;

        public void Take(Exposure exposure)
        {
            _exposures++;
            _units.Add((exposure.FlagVersion, exposure.Unit));
        }

        public bool Is(Arm arm) => _exposures == arm.Exposures && _units.Count == arm.Units;
    }

    private sealed class RequestTally
    {
        private readonly HashSet<(long, string)> _failing = [];
        private long _requests;
        private long _errors;

        public void Take(MetricEvent request, long version)
        {
            _requests++;
            if (request.Error != true)
                return;
            _errors++;
            _failing.Add((version, request.Unit));
        }

        public bool Is(Arm arm) => _requests == arm.Requests && _errors == arm.Errors && _failing.Count == arm.FailingUnits;
    }
}
