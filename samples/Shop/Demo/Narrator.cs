using System.Globalization;
using Delivery.Shop.Alerts;

namespace Delivery.Shop.Demo;

/// <summary>Tells on the terminal what changed since the last look at the rollouts, and sums up at the end.</summary>
internal sealed class Narrator(IReadOnlyList<string> keys, AlertInbox inbox, Action<string, IEnumerable<string?>>? say = null)
{
    /// <summary>Looks after the last release ended in which its alert may still arrive.</summary>
    private const int Patience = 10;

    private readonly Action<string, IEnumerable<string?>> _say = say ?? ((line, details) => Terminal.Say(line, details));
    private readonly Dictionary<string, Release> _told = [];
    private int _looksAfterEnd;

    /// <summary>Whether everything was told.</summary>
    internal bool Ended { get; private set; }

    internal void Tell(IReadOnlyList<Release> releases)
    {
        var mine = keys.Select(key => releases.FirstOrDefault(release => release.Key == key)).OfType<Release>().ToList();
        if (_told.Count == 0 && mine.Count == keys.Count && mine.TrueForAll(release => release.Ended))
        {
            _say("The releases of this demo ended in an earlier run; start with --Demo:Repeat=true to play it again.", mine.Select(Summary));
            Ended = true;
            return;
        }

        foreach (var release in mine)
            Tell(release);
        if (mine.Count == keys.Count && mine.TrueForAll(release => release.Ended))
            Conclude(mine);
    }

    private void Tell(Release release)
    {
        var before = _told.GetValueOrDefault(release.Key);
        _told[release.Key] = release;
        if (before is not null && before.Status == release.Status && before.Stage == release.Stage)
            return;
        switch (release)
        {
            case { Status: "aborted", Abort: { } abort }:
                _say($"KILLED {release.Key} by the {abort.By} {When(release, before)}", [abort.Reason, Numbers(abort.Evidence)]);
                break;
            case { Status: "completed" }:
                _say($"DONE {release.Key} serves everyone", [release.Reason]);
                break;
            case { Status: "running", Stage: { } stage }:
                _say($"{release.Key} enters stage '{stage}'", []);
                break;
            default:
                _say($"{release.Key}: {release.Status}", [release.Reason]);
                break;
        }
    }

    /// <summary>After a restart the exposure before the kill was not seen; the stage is known all the same.</summary>
    private static string When(Release release, Release? before) => before is { ExposurePercent: > 0 }
        ? Invariant($"while {before.ExposurePercent:0.##} % were exposed")
        : $"in stage '{release.Stage}'";

    private void Conclude(List<Release> releases)
    {
        var stopped = releases.Count(release => release.Status == "aborted");
        if (inbox.Alerts.Count < stopped && ++_looksAfterEnd < Patience)
            return;
        _say("The demo has ended. The whole story is at GET /api/v1/events; the traffic goes on.", releases.Select(Summary));
        Ended = true;
    }

    private static string Summary(Release release) => release switch
    {
        { Status: "aborted", Abort: { } abort } => $"{release.Key}: killed by the {abort.By}. {abort.Reason}",
        { Status: "completed" } => $"{release.Key}: released to 100 %",
        _ => $"{release.Key}: {release.Status}",
    };

    private static string? Numbers(Evidence? evidence) => evidence is null ? null : Invariant(
        $"released: {Words(evidence.Released)}; control: {Words(evidence.Control)}");

    private static string Words(Arm arm) => Invariant(
        $"{arm.Exposures} exposures of {arm.Units} customers, {arm.Errors} errors for {arm.FailingUnits} of them, p95 {arm.P95Milliseconds ?? double.NaN:0} ms");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
