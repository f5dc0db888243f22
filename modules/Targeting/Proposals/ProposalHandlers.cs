using Delivery.Contracts.Commands;
using Delivery.Contracts.Targeting;
using Delivery.Targeting.Changes;
using Delivery.Targeting.Flags;
using Delivery.Targeting.Live;
using Marten;
using Mediator;

namespace Delivery.Targeting.Proposals;

internal sealed class ProposeChangesHandler(IDocumentSession session, LiveRulesets live, TimeProvider time) : ICommandHandler<ProposeChanges, Outcome>
{
    private const int LongestTitle = 200;

    public async ValueTask<Outcome> Handle(ProposeChanges command, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (FaultsOf(command, now).ToList() is { Count: > 0 } faults)
            return new Outcome.Invalid(faults);
        var flags = await session.FlagsOfAsync(command.Changes, cancellationToken);
        switch (ChangeSet.Make(command.Changes, flags, live.Rulesets(), stoodOn: null, now))
        {
            case ChangeResult.Stopped stopped:
                return stopped.Outcome;
            case ChangeResult.Made made when made.Events.Values.All(events => events.Count == 0):
                return new Outcome.Refused("nothing-to-change", "The flags are that way already.");
        }

        var key = Guid.CreateVersion7(now).ToString("N");
        var targets = command.Changes.Select(change => (change.Flag, change.In)).Distinct();
        session.Events.StartStream<Proposal>(Proposal.Stream(key), new ProposalMade(
            key, command.Title.Trim(), command.Changes, [.. targets.Select(target => Footing.Of(flags[target.Flag], target.In))], command.At?.ToUniversalTime()));
        return new Outcome.Done("proposal", key, 1);
    }

    private static IEnumerable<FieldError> FaultsOf(ProposeChanges command, DateTimeOffset now)
    {
        if (string.IsNullOrWhiteSpace(command.Title) || command.Title.Length > LongestTitle)
            yield return new FieldError("title", $"1 to {LongestTitle} characters");
        foreach (var fault in ChangeFaults.Of(command.Changes).Concat(command.At is { } at ? ChangeFaults.Of(at, now) : []))
            yield return fault;
    }
}

internal sealed class CommentProposalHandler(IDocumentSession session) : ICommandHandler<CommentProposal, Outcome>
{
    public ValueTask<Outcome> Handle(CommentProposal command, CancellationToken cancellationToken) =>
        session.ReviewAsync(command.Audit, command.Key, proposal => Reviewing.Decide(command, proposal), cancellationToken);
}

internal sealed class ApproveProposalHandler(IDocumentSession session) : ICommandHandler<ApproveProposal, Outcome>
{
    public ValueTask<Outcome> Handle(ApproveProposal command, CancellationToken cancellationToken) =>
        session.ReviewAsync(command.Audit, command.Key, (proposal, flags) => Reviewing.Decide(command, proposal, flags), cancellationToken);
}

internal sealed class RejectProposalHandler(IDocumentSession session) : ICommandHandler<RejectProposal, Outcome>
{
    public ValueTask<Outcome> Handle(RejectProposal command, CancellationToken cancellationToken) =>
        session.ReviewAsync(command.Audit, command.Key, proposal => Reviewing.Decide(command, proposal), cancellationToken);
}

internal sealed class WithdrawProposalHandler(IDocumentSession session) : ICommandHandler<WithdrawProposal, Outcome>
{
    public ValueTask<Outcome> Handle(WithdrawProposal command, CancellationToken cancellationToken) =>
        session.ReviewAsync(command.Audit, command.Key, proposal => Reviewing.Decide(command, proposal), cancellationToken);
}

internal sealed class RebaseProposalHandler(IDocumentSession session) : ICommandHandler<RebaseProposal, Outcome>
{
    public ValueTask<Outcome> Handle(RebaseProposal command, CancellationToken cancellationToken) =>
        session.ReviewAsync(command.Audit, command.Key, Reviewing.Decide, cancellationToken);
}

internal static class ProposalStreams
{
    public static ValueTask<Outcome> ReviewAsync(
        this IDocumentSession session, Audit audit, string key, Func<Proposal, Decision> decide, CancellationToken cancellationToken) =>
        session.ReviewAsync(audit, key, (proposal, _) => decide(proposal), cancellationToken);

    public static async ValueTask<Outcome> ReviewAsync(
        this IDocumentSession session, Audit audit, string key, Func<Proposal, IReadOnlyDictionary<string, Flag>, Decision> decide, CancellationToken cancellationToken)
    {
        var stream = await session.Events.FetchForWriting<Proposal>(Proposal.Stream(key), cancellationToken);
        return stream.Aggregate is { } proposal
            ? stream.Finish(audit, "proposal", key, decide(proposal, await session.FlagsOfAsync(proposal.Changes, cancellationToken)))
            : new Outcome.NotFound("proposal", key);
    }

    /// <summary>The flags that changes name, as they are now; those that are not there are left out.</summary>
    public static async Task<IReadOnlyDictionary<string, Flag>> FlagsOfAsync(
        this IQuerySession session, IReadOnlyList<FlagChange> changes, CancellationToken cancellationToken) =>
        (await session.LoadManyAsync<Flag>(cancellationToken, changes.Select(change => Flag.Stream(change.Flag)).Distinct().ToArray()))
            .ToDictionary(flag => flag.Key, StringComparer.Ordinal);
}
