using Delivery.Contracts.Commands;
using Delivery.Evaluation;
using Delivery.Targeting.Flags;
using JasperFx.Events;
using Decision = Delivery.Targeting.Flags.Decision;

namespace Delivery.Targeting.Tests.Governance;

/// <summary>Flags by their events, and who asks.</summary>
internal static class Given
{
    public static readonly DateTimeOffset Noon = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);

    public static readonly Dictionary<string, Ruleset> Rulesets = new() { ["production"] = new(), ["staging"] = new() };

    public static Audit Person(string name) => new(name, Contracts.Access.AccessRole.Operator, "c1");

    public static Flag Flag(string key, params object[] events)
    {
        var created = FlagCreation.Event(new CreateFlag(Person("alice"), key, FlagType.Boolean, null, null, null, null, null, null, false, null));
        var flag = Delivery.Targeting.Flags.Flag.Create(new JasperFx.Events.Event<FlagCreated>(created) { Version = 1, Sequence = 100, Timestamp = Noon });
        return events.Aggregate(flag, (state, e) => FlagHistory.Apply(state, Recorded(e, state.Version + 1))!);
    }

    private static IEvent Recorded(object data, int version)
    {
        var e = (IEvent)Activator.CreateInstance(typeof(Event<>).MakeGenericType(data.GetType()), data)!;
        (e.Version, e.Sequence, e.Timestamp) = (version, 100 + version, Noon);
        return e;
    }

    public static IReadOnlyDictionary<string, Flag> Flags(params Flag[] flags) => flags.ToDictionary(flag => flag.Key);

    public static Rule Rule(string id, string variant = "on") => new() { Id = id, Serve = new Serve.Variant(variant) };

    public static Rule Split(string id, int exposure) => new()
    {
        Id = id,
        Serve = new Serve.Split(new Split(exposure) { Salt = "s", Weights = [new VariantWeight("on", 10_000)] }),
    };

    public static IReadOnlyList<object> Events(this Decision decision) => decision.ShouldBeOfType<Decision.Append>().Events;

    public static string Refusal(this Decision? decision) =>
        decision.ShouldBeOfType<Decision.Refuse>().Outcome.ShouldBeOfType<Outcome.Refused>().Code;
}
