using System.Text.Json;
using Delivery.Contracts.Targeting;
using Delivery.Evaluation;
using Delivery.Targeting.Changes;
using Delivery.Targeting.Environments;
using Delivery.Targeting.Flags;
using Delivery.Targeting.Proposals;
using Delivery.Targeting.Scheduling;
using Decision = Delivery.Targeting.Flags.Decision;

namespace Delivery.Targeting.Tests.Governance;

/// <summary>What needs a second person, and what that person may do.</summary>
public sealed class ApprovalDecisions
{
    private static readonly string[] Guarded = ["production"];

    [Fact]
    public void configuring_restoring_and_archiving_need_a_second_person_a_kill_and_a_release_do_not()
    {
        Needs(new FlagConfigured("production", new FlagConfiguration())).ShouldBeTrue();
        Needs(new FlagRestored("production")).ShouldBeTrue();
        Needs(new FlagArchived()).ShouldBeTrue();
        Needs(new FlagConfigured("staging", new FlagConfiguration())).ShouldBeFalse();
        Needs(new FlagKilled("production")).ShouldBeFalse();
        Needs(new ReleaseOpened("production", new Release("r", "on", "targetingKey"))).ShouldBeFalse();
        Needs(new ReleaseClosed("production", "r")).ShouldBeFalse();
    }

    [Fact]
    public void a_definition_needs_one_only_where_it_changes_what_is_served()
    {
        var identity = Given.Flag("x").Identity;

        Needs(new FlagDefined(identity with { Owner = "shop", Tags = ["t"], Description = "d" })).ShouldBeFalse();
        Needs(new FlagDefined(identity with { Variants = [.. identity.Variants, new Variant { Key = "new", Value = JsonSerializer.SerializeToElement(true) }] })).ShouldBeFalse();
        Needs(new FlagDefined(identity with { OffVariant = "on" })).ShouldBeTrue();
        Needs(new FlagDefined(identity with { ClientVisible = true })).ShouldBeTrue();
        Needs(new FlagDefined(identity with { Variants = [new Variant { Key = "on", Value = JsonSerializer.SerializeToElement(false) }, identity.Variants[1]] })).ShouldBeTrue();
    }

    [Fact]
    public void nothing_needs_one_where_no_environment_asks() =>
        ApprovalLaw.Against(Given.Flag("x"), [new FlagArchived(), new FlagRestored("production")], []).ShouldBeNull();

    [Fact]
    public void a_kill_past_the_approval_says_so()
    {
        ApprovalLaw.Marked([new FlagKilled("production"), new FlagKilled("staging")], Guarded)
            .ShouldBe([new FlagKilled("production", Emergency: true), new FlagKilled("staging")]);
    }

    [Fact]
    public void only_the_change_of_the_requirement_is_an_event()
    {
        var environment = new DeliveryEnvironment { Id = "environment:production", Key = "production", Name = "Production" };

        ApprovalRequirement.Decide(new RequireApproval(Given.Person("root"), "production", true), environment).Events().ShouldBe([new EnvironmentApprovalRequired("production")]);
        ApprovalRequirement.Decide(new RequireApproval(Given.Person("root"), "production", false), environment).Events().ShouldBeEmpty();
    }

    [Fact]
    public void the_author_cannot_approve_and_another_approves_once()
    {
        var flags = Given.Flags(Given.Flag("x"));

        Reviewing.Decide(new ApproveProposal(Given.Person("alice"), "p"), Proposal(), flags).Refusal().ShouldBe("own-proposal");
        Reviewing.Decide(new ApproveProposal(Given.Person("bob"), "p"), Proposal(), flags).Events().ShouldBe([new ProposalApproved("bob")]);
        Reviewing.Decide(new ApproveProposal(Given.Person("bob"), "p"), Proposal() with { Approvals = [new("bob", Given.Noon, null)] }, flags).Events().ShouldBeEmpty();
    }

    [Fact]
    public void a_flag_that_moved_stops_approval_until_the_proposal_is_rebased()
    {
        var moved = Given.Flags(Given.Flag("x", new FlagKilled("production")));

        Reviewing.Decide(new ApproveProposal(Given.Person("bob"), "p"), Proposal(), moved).Refusal().ShouldBe("proposal-moved");
        var rebased = Reviewing.Decide(Proposal(), moved).Events().ShouldHaveSingleItem().ShouldBeOfType<ProposalRebased>();
        rebased.StoodOn.ShouldHaveSingleItem().Version.ShouldBe(2);
        Reviewing.Decide(Proposal(), Given.Flags(Given.Flag("x"))).Events().ShouldBeEmpty();
    }

    [Fact]
    public void only_the_author_withdraws_and_an_end_is_final()
    {
        Reviewing.Decide(new WithdrawProposal(Given.Person("bob"), "p"), Proposal()).Refusal().ShouldBe("not-the-author");
        Reviewing.Decide(new WithdrawProposal(Given.Person("alice"), "p"), Proposal()).Events().ShouldBe([new ProposalWithdrawn("alice")]);
        var ended = Proposal() with { Ended = ProposalState.Rejected, EndedBy = "bob" };
        Reviewing.Decide(new RejectProposal(Given.Person("bob"), "p"), ended).Events().ShouldBeEmpty();
        Reviewing.Decide(new WithdrawProposal(Given.Person("alice"), "p"), ended).Refusal().ShouldBe("proposal-ended");
        Reviewing.Decide(new ApproveProposal(Given.Person("bob"), "p"), ended, Given.Flags(Given.Flag("x"))).Refusal().ShouldBe("proposal-ended");
        Reviewing.Decide(new CommentProposal(Given.Person("bob"), "p", "late"), ended).Refusal().ShouldBe("proposal-ended");
    }

    [Fact]
    public void what_nobody_approved_is_not_scheduled_in_a_guarded_environment_and_what_changes_nothing_nowhere()
    {
        var flags = Given.Flags(Given.Flag("x"));

        Schedule(new FlagChange.Disable("x", "production"), proposal: null).Refusal().ShouldBe("approval-required");
        Schedule(new FlagChange.Disable("x", "production"), proposal: "p").Events().ShouldHaveSingleItem().ShouldBeOfType<ChangeScheduled>().Proposal.ShouldBe("p");
        Schedule(new FlagChange.Enable("x", "staging"), proposal: null).Refusal().ShouldBe("nothing-to-change");

        Decision Schedule(FlagChange change, string? proposal) =>
            ChangeScheduling.Decide("k", Given.Noon.AddHours(1), [change], proposal, flags, Given.Rulesets, Guarded, Given.Noon);
    }

    [Fact]
    public void a_scheduled_change_is_cancelled_once_and_never_after_its_time()
    {
        var pending = new ScheduledChange { Id = "scheduled-change:k", Key = "k", At = Given.Noon, Changes = [], StoodOn = [], ScheduledBy = "alice", ScheduledAt = Given.Noon, Pending = true };

        ChangeScheduling.Decide(pending).Events().ShouldBe([new ChangeCancelled(Given.Noon, "alice")]);
        ChangeScheduling.Decide(pending with { State = ScheduledChangeState.Cancelled }).Events().ShouldBeEmpty();
        ChangeScheduling.Decide(pending with { State = ScheduledChangeState.Applied }).Refusal().ShouldBe("change-ended");
    }

    private static bool Needs(object e) => ApprovalLaw.Against(Given.Flag("x"), [e], Guarded) is not null;

    private static Proposal Proposal() => new()
    {
        Id = "proposal:p",
        Key = "p",
        Title = "t",
        Changes = [new FlagChange.Disable("x", "production")],
        StoodOn = [Footing.Of(Given.Flag("x"), "production")],
        Author = "alice",
        ProposedAt = Given.Noon,
    };
}
