using Delivery.Contracts.Targeting;
using Delivery.Evaluation;
using Delivery.Targeting.Environments;
using Delivery.Targeting.Lifecycle;
using Delivery.Targeting.Live;
using Mediator;

namespace Delivery.Targeting.Flags;

internal static class FlagLines
{
    public static FlagLine Of(Flag flag, IEnumerable<string> environments, IReadOnlyCollection<string> guarded, FlagLifecycle lifecycle) => new(
        flag.Key, flag.Identity.Type, flag.Identity.Owner, flag.Identity.Tags, flag.Identity.Description, flag.Identity.ExpiresOn,
        [.. environments.Select(key => new FlagPlace(key, guarded.Contains(key), flag.Definition(key)))], lifecycle, flag.ChangedAt, flag.Version);

    public static IReadOnlyList<string> Places(this LiveRulesets live) => [.. live.Environments.Select(e => e.Key).Order(StringComparer.Ordinal)];
}

internal sealed class ListFlagsHandler(LiveRulesets live, LifecycleBook book, GuardedEnvironments environments) : IQueryHandler<ListFlags, IReadOnlyList<FlagLine>>
{
    public async ValueTask<IReadOnlyList<FlagLine>> Handle(ListFlags query, CancellationToken cancellationToken)
    {
        var guarded = await environments.GuardedAsync(cancellationToken);
        var lifecycle = await book.OpenAsync(cancellationToken);
        var places = live.Places();
        return [.. live.Flags.Where(flag => query.WithArchived || !flag.Archived).OrderBy(flag => flag.Key, StringComparer.Ordinal)
            .Select(flag => FlagLines.Of(flag, places, guarded, lifecycle(flag)))];
    }
}

internal sealed class FindFlagLineHandler(LiveRulesets live, LifecycleBook book, GuardedEnvironments environments) : IQueryHandler<FindFlagLine, FlagLine?>
{
    public async ValueTask<FlagLine?> Handle(FindFlagLine query, CancellationToken cancellationToken) =>
        live.Flags.FirstOrDefault(flag => flag.Key == query.Flag) is { } flag
            ? FlagLines.Of(flag, live.Places(), await environments.GuardedAsync(cancellationToken), (await book.OpenAsync(cancellationToken))(flag))
            : null;
}

internal sealed class ExplainFlagHandler(LiveRulesets live, TimeProvider time) : IQueryHandler<ExplainFlag, FlagExplanation>
{
    public ValueTask<FlagExplanation> Handle(ExplainFlag query, CancellationToken cancellationToken) => ValueTask.FromResult(Explain(query));

    private FlagExplanation Explain(ExplainFlag query)
    {
        if (live.Find(query.Environment) is not { } environment)
            return new FlagExplanation(null, $"There is no environment '{query.Environment}'.");
        if (environment.State.Snapshot.Definition(query.Flag) is null)
            return new FlagExplanation(null, $"There is no flag '{query.Flag}' that is not archived.");
        try
        {
            return new FlagExplanation(environment.State.Snapshot.Explain(query.Flag, EvaluationContext.FromJson(query.Context, time: time.GetUtcNow())), null);
        }
        catch (FormatException e)
        {
            return new FlagExplanation(null, $"The context: {e.Message}.");
        }
    }
}
