using Delivery.Contracts.Commands;
using Delivery.Contracts.Targeting;

namespace Delivery.Targeting.Changes;

/// <summary>What is wrong with a list of changes before any flag is looked at.</summary>
internal static class ChangeFaults
{
    public const int Most = 50;

    private static readonly TimeSpan Farthest = TimeSpan.FromDays(731);

    public static IEnumerable<FieldError> Of(IReadOnlyList<FlagChange> changes)
    {
        if (changes.Count is 0 or > Most)
            return [new FieldError("changes", $"1 to {Most} changes")];
        return Flags.Faults.Holes("changes", changes);
    }

    public static IEnumerable<FieldError> Of(DateTimeOffset at, DateTimeOffset now)
    {
        if (at <= now || at > now + Farthest)
            yield return new FieldError("at", $"a time in the future, at most {Farthest.Days} days ahead; now it is {Sentences.Time(now)}");
    }
}
