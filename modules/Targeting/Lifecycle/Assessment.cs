using System.Globalization;
using Delivery.Contracts.Exposures;
using Delivery.Contracts.Targeting;
using Delivery.Evaluation;
using Delivery.Targeting.Flags;

namespace Delivery.Targeting.Lifecycle;

/// <summary>Whether a flag's work is done, from what is known of it. Pure.</summary>
/// <param name="Flag">The flag as it is.</param>
/// <param name="Usage">Its variants' exposures since <see cref="LifecycleOptions.OneVariantAfterDays"/> ago.</param>
/// <param name="InCode">Where code names it; null while no code was ever uploaded.</param>
/// <param name="Options">What counts as long.</param>
/// <param name="Now">The present time.</param>
internal sealed record Assessment(Flag Flag, IReadOnlyList<VariantUsage> Usage, FlagInCode? InCode, LifecycleOptions Options, DateTimeOffset Now)
{
    private DateOnly Today => DateOnly.FromDateTime(Now.UtcDateTime);

    private DateTimeOffset? LastAt => Usage.Count == 0 ? null : Usage.Max(variant => variant.LastAt);

    private int Age => Days(Flag.CreatedAt);

    private bool Quiet => LastAt is not { } last || Days(last) >= Options.QuietDays;

    public FlagLifecycle Result()
    {
        var permanent = Flag.Identity.Tags.Contains(Options.PermanentTag, StringComparer.Ordinal);
        List<LifecycleReason> reasons = Flag.Archived ? [] : permanent ? [.. Expired()] : [.. Expired(), .. Exposed(), .. Served(), .. Configured(), .. Referred(), .. Old()];
        var state = Flag.Archived ? LifecycleState.Archived
            : permanent && reasons.Count == 0 ? LifecycleState.Permanent
            : reasons.Any(reason => reason.Kind == LifecycleReasonKind.NoReferences) && Quiet ? LifecycleState.ReadyToRemove
            : reasons.Count > 0 ? LifecycleState.Stale
            : LifecycleState.Active;
        return new FlagLifecycle(state, reasons, Age, LastAt, InCode?.Places);
    }

    private IEnumerable<LifecycleReason> Expired()
    {
        if (Flag.Identity.ExpiresOn is { } expires && expires < Today)
            yield return new(LifecycleReasonKind.Expired, $"It should have been gone on {Day(expires)}, {Count(Today.DayNumber - expires.DayNumber)} ago.");
    }

    private IEnumerable<LifecycleReason> Exposed()
    {
        if (LastAt is not { } last)
        {
            if (Age >= Options.UnusedAfterDays)
                yield return new(LifecycleReasonKind.NeverExposed, $"Nobody has met it since it was created {Count(Age)} ago.");
        }
        else if (Days(last) >= Options.UnusedAfterDays)
        {
            yield return new(LifecycleReasonKind.NotExposed, $"Nobody has met it for {Count(Days(last))}: the last exposure was on {Day(last)}.");
        }
    }

    /// <summary>Only where every environment with traffic agrees: an experiment in one of them is work.</summary>
    private IEnumerable<LifecycleReason> Served()
    {
        var met = Usage.Where(variant => variant.Exposures > 0).GroupBy(variant => variant.Environment, StringComparer.Ordinal)
            .Select(here => (Environment: here.Key, All: here.Sum(v => v.Exposures), Most: here.MaxBy(v => v.Exposures)!, Since: Usage.Where(v => v.Environment == here.Key).Min(v => v.FirstDay)))
            .ToList();
        if (met.Any(here => Share(here.Most, here.All) < Options.DominantPercent || Today.DayNumber - here.Since.DayNumber < Options.OneVariantAfterDays))
            yield break;
        foreach (var (environment, all, most, _) in met)
            yield return new(LifecycleReasonKind.OneVariant, string.Create(
                CultureInfo.InvariantCulture, $"In {environment} '{most.Variant}' was served for {Count(Options.OneVariantAfterDays)}: {most.Exposures:N0} of {all:N0} exposures, {Share(most, all):0.##} %."));
    }

    private IEnumerable<LifecycleReason> Configured()
    {
        var everybody = Flag.Environments.Select(pair => (Environment: pair.Key, Here: pair.Value, Variant: EverybodysVariant.Of(Flag, pair.Value))).ToList();
        if (everybody.Any(e => e.Variant is null || e.Here.ChangedAt is not { } since || Days(since) < Options.RolledOutAfterDays))
            yield break;
        foreach (var (environment, here, variant) in everybody)
            yield return new(LifecycleReasonKind.RolledOut, $"In {environment} everybody gets '{variant}' since {Day(here.ChangedAt!.Value)}, {Count(Days(here.ChangedAt.Value))} ago.");
    }

    private IEnumerable<LifecycleReason> Referred()
    {
        if (InCode is not { Places: 0, Last: { } last })
            yield break;
        var words = $"No code refers to it any more; {InCode.Repository} did until {Short(last.Revision)} of {Day(last.At)}.";
        yield return new(LifecycleReasonKind.NoReferences, Quiet ? words : $"{words} But it was met on {Day(LastAt!.Value)}: wait until the old releases are gone.");
    }

    private IEnumerable<LifecycleReason> Old()
    {
        if (Age >= Options.OldAfterDays)
            yield return new(LifecycleReasonKind.Old, $"It is {Count(Age)} old; flags should be gone after {Count(Options.OldAfterDays)}.");
    }

    private int Days(DateTimeOffset since) => Math.Max(0, (int)(Now - since).TotalDays);

    private static double Share(VariantUsage variant, long all) => 100.0 * variant.Exposures / all;

    private static string Count(int days) => days == 1 ? "1 day" : string.Create(CultureInfo.InvariantCulture, $"{days:N0} days");

    private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Day(DateTimeOffset time) => Day(DateOnly.FromDateTime(time.UtcDateTime));

    private static string Short(string revision) => revision.Length > 12 ? revision[..12] : revision;
}

/// <summary>The one variant that an environment's configuration gives to everybody.</summary>
internal static class EverybodysVariant
{
    /// <summary>Null where it depends on who asks.</summary>
    public static string? Of(Flag flag, FlagInEnvironment here)
    {
        var configuration = here.Configuration;
        var off = configuration.OffVariant ?? flag.Identity.OffVariant;
        if (here.Killed || !configuration.Enabled)
            return off;
        if (configuration.Targets.Count > 0 || configuration.Prerequisites.Count > 0)
            return null;
        foreach (var release in here.Releases)
            return release.ExposurePpm == Split.FullExposure ? release.Variant : null;
        if (configuration.Rules is [{ Condition: null, Serve: Serve.Variant all }, ..])
            return all.Key;
        return configuration.Rules.Count > 0 ? null
            : configuration.Default is null ? off
            : (configuration.Default as Serve.Variant)?.Key;
    }
}
