using System.Runtime.CompilerServices;

namespace Delivery.Evaluation;

/// <summary>
/// The order of decisions: state, prerequisites, individual targets, holdouts, rules, default. The same code runs with and
/// without a tracer, so an explanation is never about another evaluation.
/// </summary>
internal static class FlagEvaluation
{
    private const string NeedsTargetingKey = "the flag's default splits by the targeting key, and the context has none";

    internal static EvaluationResult Evaluate(FlagPlan flag, in MatchScope scope, Tracer? tracer)
    {
        if (flag.StartsWithRules && tracer is null)
        {
            var undecided = new Decision();
            return EvaluateRules(flag, scope, tracer, ref undecided);
        }

        var sequence = scope.Snapshot.Sequence;
        if (flag.Broken is not null)
            return new EvaluationResult(flag, EvaluationError.General, flag.Broken, sequence);
        if (flag.Definition.Archived)
            return new EvaluationResult(flag, EvaluationError.FlagNotFound, "the flag is archived", sequence);

        var decision = new Decision();
        if (flag.Definition.Killed || !flag.Definition.Enabled)
        {
            decision.Kind = flag.Definition.Killed ? WhyKind.Killed : WhyKind.Disabled;
            tracer?.Step(TraceStepKind.State, flag.Definition.Key, flag.Definition.Killed ? "killed" : "disabled", flag.Off);
            return new EvaluationResult(flag, flag.Off!, EvaluationReason.Disabled, decision, sequence);
        }

        tracer?.Step(TraceStepKind.State, flag.Definition.Key, "enabled");
        if (flag.Prerequisites.Length > 0 && !PrerequisitesHold(flag, scope, tracer, ref decision))
            return new EvaluationResult(flag, flag.Off!, EvaluationReason.Default, decision, sequence);
        if (flag.Targets.Length > 0 && FindTarget(flag, scope.Context, tracer, ref decision) is { } targeted)
            return new EvaluationResult(flag, targeted, EvaluationReason.TargetingMatch, decision, sequence);
        if (flag.Holdouts.Length > 0 && IsHeldOut(flag, scope.Context, tracer, ref decision))
            return new EvaluationResult(flag, flag.Off!, EvaluationReason.Split, decision, sequence);
        return EvaluateRules(flag, scope, tracer, ref decision);
    }

    internal static bool IsOneOf(string? variant, string[] variants)
    {
        foreach (var candidate in variants)
        {
            if (candidate == variant)
                return true;
        }

        return false;
    }

    private static EvaluationResult EvaluateRules(FlagPlan flag, in MatchScope scope, Tracer? tracer, ref Decision decision)
    {
        var rules = flag.Rules;
        for (var i = 0; i < rules.Length; i++)
        {
            var rule = rules[i];
            if (rule.Unsupported is not null)
            {
                decision.Skip(i, FallThrough.Unsupported);
                TraceSkip(tracer, rule, i);
                continue;
            }

            if (rule.Condition is not null && !rule.Condition.Matches(scope))
            {
                if (tracer is not null)
                    TraceMismatch(tracer, rule, i, scope);
                continue;
            }

            var outcome = Serve(flag, rule, scope, tracer, out var variant, out var bucket, out var error);
            if (error is not null)
                return Failed(flag, error, scope, tracer, TraceStepKind.Rule, rule.Id, i);
            if (tracer is not null)
                TraceRule(tracer, rule, i, scope, outcome, variant);
            if (variant is null)
            {
                decision.Skip(i, outcome);
                continue;
            }

            decision.Kind = rule.Split is null ? WhyKind.Rule : WhyKind.RuleSplit;
            decision.RuleIndex = (short)i;
            decision.Bucket = bucket;
            return new EvaluationResult(
                flag, variant, rule.Split is null ? EvaluationReason.TargetingMatch : EvaluationReason.Split, decision, scope.Snapshot.Sequence);
        }

        return EvaluateDefault(flag, scope, tracer, ref decision);
    }

    private static FallThrough Serve(
        FlagPlan flag, RulePlan rule, in MatchScope scope, Tracer? tracer, out VariantPlan? variant, out ulong bucket, out string? error)
    {
        variant = null;
        bucket = 0;
        error = null;
        foreach (var layer in rule.Layers)
        {
            var outcome = layer.Check(scope.Context, tracer);
            if (outcome != FallThrough.None)
                return outcome;
        }

        if (rule.Split is not null)
            return rule.Split.Assign(scope.Context, tracer, out variant, out bucket);
        if (rule.Expression is not null)
            return ServeExpression(flag, rule.Expression, scope, out variant, out error);
        variant = rule.Variant;
        return FallThrough.None;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static EvaluationResult EvaluateDefault(FlagPlan flag, in MatchScope scope, Tracer? tracer, ref Decision decision)
    {
        var sequence = scope.Snapshot.Sequence;
        if (flag.DefaultSplit is not null)
        {
            var outcome = flag.DefaultSplit.Assign(scope.Context, tracer, out var variant, out var bucket);
            if (variant is not null)
            {
                decision.Kind = WhyKind.DefaultSplit;
                decision.Bucket = bucket;
                tracer?.Step(TraceStepKind.Default, "default", "split", variant);
                return new EvaluationResult(flag, variant, EvaluationReason.Split, decision, sequence);
            }

            // Rules pass a unit on that they can't name; after the default there is nobody to pass it on to.
            if (outcome == FallThrough.UnitAttributeMissing && flag.DefaultSplit.NeedsTargetingKeyOf(scope.Context))
                return Failed(flag, NeedsTargetingKey, scope, tracer, TraceStepKind.Default, "default", null, EvaluationError.TargetingKeyMissing);
            decision.Skip(-1, outcome);
        }
        else if (flag.DefaultExpression is not null)
        {
            var outcome = ServeExpression(flag, flag.DefaultExpression, scope, out var variant, out var error);
            if (error is not null)
                return Failed(flag, error, scope, tracer, TraceStepKind.Default, "default", null);
            if (variant is not null)
            {
                decision.Kind = WhyKind.Default;
                tracer?.Step(TraceStepKind.Default, "default", "expression", variant);
                return new EvaluationResult(flag, variant, EvaluationReason.TargetingMatch, decision, sequence);
            }

            decision.Skip(-1, outcome);
        }

        decision.Kind = WhyKind.Default;
        var served = flag.DefaultVariant ?? flag.Off!;
        tracer?.Step(TraceStepKind.Default, "default", flag.DefaultVariant is null ? "off variant" : "variant", served);
        return new EvaluationResult(flag, served, flag.IsConstant ? EvaluationReason.Static : EvaluationReason.Default, decision, sequence);
    }

    private static FallThrough ServeExpression(
        FlagPlan flag, JsonLogicNode expression, in MatchScope scope, out VariantPlan? variant, out string? error)
    {
        variant = null;
        error = null;
        var named = JsonLogicEvaluation.VariantName(expression, flag.Definition.Key, scope.Context, out error);
        if (error is not null || named is null)
            return FallThrough.NoVariant;
        variant = flag.FindVariant(named);
        error = variant is null ? $"the expression named variant {named}, which the flag has not" : null;
        return FallThrough.None;
    }

    private static bool PrerequisitesHold(FlagPlan flag, in MatchScope scope, Tracer? tracer, ref Decision decision)
    {
        foreach (var prerequisite in flag.Prerequisites)
        {
            string? served = null;
            var holds = false;
            if (scope.MayVisit() && scope.Snapshot.TryFindFlag(prerequisite.Flag, out var other))
            {
                var result = Evaluate(other, scope.Deeper(), tracer: null);
                served = result.VariantKey;
                holds = result.Reason != EvaluationReason.Error && IsOneOf(served, prerequisite.Variants);
            }

            tracer?.Step(
                TraceStepKind.Prerequisite,
                prerequisite.Flag,
                $"served {served ?? "nothing"}, wanted {string.Join(" or ", prerequisite.Variants)}",
                holds ? null : flag.Off);
            if (holds)
                continue;
            decision.Kind = WhyKind.Prerequisite;
            decision.Subject = prerequisite.Flag;
            return false;
        }

        return true;
    }

    [SkipLocalsInit]
    private static VariantPlan? FindTarget(FlagPlan flag, EvaluationContext context, Tracer? tracer, ref Decision decision)
    {
        Span<char> scratch = stackalloc char[UnitReference.ScratchLength];
        foreach (var target in flag.Targets)
        {
            var found = target.Unit.TryFind(context, scratch, out var unit) && target.Units.Contains(unit);
            tracer?.Step(TraceStepKind.Target, target.Unit.Name, found ? "named" : "not named", found ? target.Variant : null);
            if (!found)
                continue;
            decision.Kind = WhyKind.Target;
            decision.Subject = target.Unit.Name;
            return target.Variant;
        }

        return null;
    }

    private static bool IsHeldOut(FlagPlan flag, EvaluationContext context, Tracer? tracer, ref Decision decision)
    {
        foreach (var holdout in flag.Holdouts)
        {
            var held = holdout.Holds(context, tracer, out var bucket);
            tracer?.Step(TraceStepKind.Holdout, holdout.Definition.Key, held ? "held out" : "not held out", held ? flag.Off : null);
            if (!held)
                continue;
            decision.Kind = WhyKind.Holdout;
            decision.Subject = holdout.Definition.Key;
            decision.Bucket = bucket;
            return true;
        }

        return false;
    }

    // Cold code stays out of line: its temporaries would be cleared on every evaluation.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static EvaluationResult Failed(
        FlagPlan flag, string error, in MatchScope scope, Tracer? tracer, TraceStepKind kind, string subject, int? ruleIndex, EvaluationError code = EvaluationError.General)
    {
        tracer?.Step(kind, subject, $"failed: {error}", ruleIndex: ruleIndex);
        return new EvaluationResult(flag, code, error, scope.Snapshot.Sequence);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void TraceSkip(Tracer? tracer, RulePlan rule, int index) =>
        tracer?.Step(TraceStepKind.Rule, rule.Id, $"skipped: {rule.Unsupported}", ruleIndex: index);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void TraceMismatch(Tracer tracer, RulePlan rule, int index, in MatchScope scope) =>
        tracer.Step(TraceStepKind.Rule, rule.Id, "condition did not match", ruleIndex: index, condition: rule.Condition!.Explain(scope));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void TraceRule(Tracer tracer, RulePlan rule, int index, in MatchScope scope, FallThrough outcome, VariantPlan? variant)
    {
        var words = outcome switch
        {
            FallThrough.None => "served",
            FallThrough.UnitAttributeMissing => "matched, but the unit attribute is missing: next rule",
            FallThrough.NotExposed => "matched, but the unit is not exposed: next rule",
            FallThrough.OutsideFilter => "matched, but the unit is outside a filter: next rule",
            FallThrough.OutsideLayerSlot => "matched, but the unit is outside the layer slot: next rule",
            _ => "matched, but named no variant: next rule",
        };
        tracer.Step(TraceStepKind.Rule, rule.Id, words, variant, index, rule.Condition?.Explain(scope));
    }
}
