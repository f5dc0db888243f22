using Delivery.Contracts.Alerting;
using Delivery.Contracts.Rollouts;

namespace Delivery.Console.Parts;

/// <summary>The sentence each page starts with, written from the data.</summary>
internal static class Sentences
{
    public static string Of(IReadOnlyList<ReleaseView> releases)
    {
        if (releases is [])
            return "Nothing is being released.";
        var live = releases.Count(r => r.Status is RolloutStatus.Running or RolloutStatus.Waiting or RolloutStatus.Paused);
        var parts = new List<string> { live == 0 ? "No release is under way" : $"{Count(live, "release")} under way" };
        Add(parts, releases.Count(r => r.Status is RolloutStatus.Waiting or RolloutStatus.Paused), "{0} waiting for someone");
        Add(parts, releases.Count(r => r.Health is ReleaseHealthWord.Degraded), "{0} degraded");
        Add(parts, releases.Count(r => r.Status is RolloutStatus.Aborted), "{0} stopped");
        Add(parts, releases.Count(r => r.Status is RolloutStatus.Completed), "{0} through to the end");
        return string.Join(", ", parts) + ".";
    }

    public static string Of(IReadOnlyList<AlertView> alerts)
    {
        var open = alerts.Count(a => a.State is AlertState.Raised);
        return alerts is [] ? "Nothing has been raised." : open == 0 ? "Nothing waits for anybody." : $"{Count(open, "alert")} that nobody has acknowledged.";
    }

    private static void Add(List<string> parts, int count, string text)
    {
        if (count > 0)
            parts.Add(string.Format(System.Globalization.CultureInfo.InvariantCulture, text, count));
    }

    private static string Count(int count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";
}
