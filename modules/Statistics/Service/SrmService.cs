namespace Delivery.Statistics;

/// <summary>Test a split: the body of POST /api/v1/statistics/srm.</summary>
/// <param name="Users">Units of each arm.</param>
/// <param name="Weights">Intended weights, any positive scale, one per arm.</param>
public sealed record SrmRequest(IReadOnlyList<long>? Users, IReadOnlyList<double>? Weights);

/// <summary>The answer about a split.</summary>
public abstract record SrmAnswer
{
    private SrmAnswer()
    {
    }

    /// <summary>A result.</summary>
    /// <param name="ChiSquared">Pearson's χ².</param>
    /// <param name="P">Its p-value, for one look.</param>
    /// <param name="SequentialP">The always-valid p of <see cref="SequentialSrm"/> at these counts.</param>
    public sealed record Tested(double ChiSquared, double P, double SequentialP) : SrmAnswer;

    /// <summary>The request can't be read.</summary>
    /// <param name="Errors">Every problem found.</param>
    public sealed record Invalid(IReadOnlyList<InvalidField> Errors) : SrmAnswer;
}

/// <summary>Sample ratio mismatch as a service.</summary>
public static class SrmService
{
    /// <summary>Validates and computes. No users at all is no mismatch: χ² 0, p 1.</summary>
    public static SrmAnswer Test(SrmRequest request)
    {
        var errors = new List<InvalidField>();
        var (users, weights) = (request.Users ?? [], request.Weights ?? []);
        CompareService.Check(errors, users.Count >= 2, "users", "at least two counts");
        CompareService.Check(errors, users.All(n => n is >= 0 and <= SplitCounts.MostUsers), "users", "counts from 0 to 1e15");
        CompareService.Check(errors, weights.Count == users.Count, "weights", "one weight per arm");
        CompareService.Check(errors, SplitCounts.Usable(weights), "weights", "finite numbers greater than 0, none more than 1e12 times another");
        if (errors.Count > 0) return new SrmAnswer.Invalid(errors);
        var counts = new SplitCounts(users, weights);
        var pearson = PearsonChiSquare.Of(counts) ?? new PearsonChiSquare(0, 1);
        var sequentialP = SequentialSrm.Test([counts]) is SrmOutcome.Tested tested ? tested.P : 1;
        return new SrmAnswer.Tested(pearson.ChiSquared, pearson.P, sequentialP);
    }
}
