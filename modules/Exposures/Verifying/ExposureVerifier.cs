using Delivery.Contracts.Targeting;
using Delivery.Evaluation;
using Delivery.Exposures.Queries;
using Mediator;

namespace Delivery.Exposures.Verifying;

/// <summary>Derives exposures again and says which differ, and why they may. One run, one instance: it remembers flags' versions meanwhile.</summary>
internal sealed class ExposureVerifier(ISender sender, CompiledRulesets compiled)
{
    private const int MostMismatches = 1_000;

    /// <summary>How many versions a cause is looked for in, on either side of the exposure's.</summary>
    private const int NearVersions = 20;

    private readonly Dictionary<(string Flag, string Environment), FlagRevisions?> _revisions = [];

    public async Task<VerificationReport> VerifyAsync(IAsyncEnumerable<ExposureView> exposures, CancellationToken cancellationToken)
    {
        long seen = 0, matching = 0, differing = 0;
        var reasons = new SortedDictionary<string, long>(StringComparer.Ordinal);
        var mismatches = new List<Mismatch>();
        await foreach (var exposure in exposures.WithCancellation(cancellationToken))
        {
            seen++;
            switch (await DeriveAsync(exposure, cancellationToken))
            {
                case Derivation.Matches:
                    matching++;
                    break;
                case Derivation.Underivable(var reason):
                    reasons[reason] = reasons.GetValueOrDefault(reason) + 1;
                    break;
                case Derivation.Differs(var expected):
                    differing++;
                    if (mismatches.Count < MostMismatches)
                        mismatches.Add(new Mismatch(
                            exposure.Id, exposure.Position, exposure.Environment, exposure.Flag, exposure.Unit, DecisionView.Recorded(exposure), expected,
                            await CauseAsync(exposure, expected, cancellationToken)));
                    break;
                default:
                    throw new InvalidOperationException("no such derivation");
            }
        }

        return new VerificationReport(seen, matching, differing, new UnderivableCount(reasons.Values.Sum(), reasons), mismatches);
    }

    /// <summary>Compares one exposure with what its flag gave as of then.</summary>
    public async ValueTask<Derivation> DeriveAsync(ExposureView exposure, CancellationToken cancellationToken)
    {
        if (exposure.Sequence == 0)
            return await DeriveByVersionAsync(exposure, cancellationToken);
        if (await compiled.FindAsync(sender, exposure.Flag, exposure.Environment, exposure.Sequence, cancellationToken) is not { } snapshot)
            return new Derivation.Underivable(Rederivation.VersionUnknown);
        if (Rederivation.IsForgotten(exposure) || snapshot.Definition(exposure.Flag)!.Version == exposure.FlagVersion)
            return Rederivation.Compare(snapshot, exposure);
        return (await RevisionsAsync(exposure, cancellationToken)).Any(revision => revision.Definition.Version == exposure.FlagVersion)
            ? new Derivation.Differs(Rederivation.Decide(snapshot, exposure))
            : new Derivation.Underivable(Rederivation.VersionUnknown);
    }

    /// <summary>
    /// OpenTelemetry tells the flag's version and no sequence. The flag itself is known by that; what it depends on may have changed
    /// while the version stayed, so a difference is one only where it depends on nothing.
    /// </summary>
    private async ValueTask<Derivation> DeriveByVersionAsync(ExposureView exposure, CancellationToken cancellationToken)
    {
        var sequence = (await RevisionsAsync(exposure, cancellationToken)).LastOrDefault(one => one.Definition.Version == exposure.FlagVersion)?.Definition.Sequence;
        if (sequence is not > 0 || await compiled.FindAsync(sender, exposure.Flag, exposure.Environment, sequence.Value, cancellationToken) is not { } snapshot)
            return new Derivation.Underivable(Rederivation.VersionUnknown);
        var derivation = Rederivation.Compare(snapshot, exposure);
        return derivation is Derivation.Differs && Rederivation.HasDependencies(snapshot) ? new Derivation.Underivable(Rederivation.SequenceNotRecorded) : derivation;
    }

    private async ValueTask<LikelyCause> CauseAsync(ExposureView exposure, DecisionView expected, CancellationToken cancellationToken)
    {
        if (exposure.FlagVersion != expected.FlagVersion)
            return exposure.FlagVersion < expected.FlagVersion ? LikelyCause.StaleSdk : LikelyCause.WrongVersion;
        var revisions = await RevisionsAsync(exposure, cancellationToken);
        var earlier = revisions.Where(r => IsUpTo(r.Definition, exposure)).Reverse().ToList();
        var later = revisions.Where(r => !IsUpTo(r.Definition, exposure)).ToList();
        if (await AnyTellsAsync(earlier, exposure, cancellationToken))
            return LikelyCause.StaleSdk;
        if (await AnyTellsAsync(later, exposure, cancellationToken))
            return LikelyCause.WrongVersion;
        return earlier.Count > NearVersions || later.Count > NearVersions ? LikelyCause.Unknown : LikelyCause.Tampered;
    }

    private static bool IsUpTo(FlagDefinition revision, ExposureView exposure) =>
        exposure.Sequence > 0 ? revision.Sequence <= exposure.Sequence : revision.Version <= exposure.FlagVersion;

    private async Task<bool> AnyTellsAsync(IReadOnlyList<FlagRevision> revisions, ExposureView exposure, CancellationToken cancellationToken)
    {
        var recorded = DecisionView.Recorded(exposure);
        foreach (var revision in revisions.Take(NearVersions))
        {
            if (await compiled.FindAsync(sender, exposure.Flag, exposure.Environment, revision.Definition.Sequence, cancellationToken) is { } then
                && Rederivation.Decide(then, exposure).IsToldBy(recorded))
                return true;
        }

        return false;
    }

    private async ValueTask<IReadOnlyList<FlagRevision>> RevisionsAsync(ExposureView exposure, CancellationToken cancellationToken)
    {
        var key = (exposure.Flag, exposure.Environment);
        if (!_revisions.TryGetValue(key, out var known))
            _revisions[key] = known = await sender.Send(new GetFlagRevisions(exposure.Flag, exposure.Environment), cancellationToken);
        return known?.Revisions ?? [];
    }
}
