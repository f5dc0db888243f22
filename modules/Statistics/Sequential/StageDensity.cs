namespace Delivery.Statistics;

/// <summary>
/// The sub-density of the score process at one look, of the runs that have not stopped before: the state of the recursive integration.
/// </summary>
/// <remarks>
/// C. Jennison, B. Turnbull, Group Sequential Methods, 2000, chapter 19 (P. Armitage, C. McPherson, B. Rowe 1969). Written for the score
/// S_k = Z_k·√I_k, whose increments are independent N(θ·ΔI, ΔI). Gauss-Legendre panels of eight nodes, no wider than 1.5 standard
/// deviations of the next step, and a kernel cut at 8.5 of them: errors below 1e-9 (measured against finer grids).
/// </remarks>
internal sealed class StageDensity
{
    private const double Reach = 8.5;
    private const int MostPanels = 400;

    private static readonly (double Node, double Weight)[] Gauss =
    [
        (-0.9602898564975363, 0.1012285362903763), (-0.7966664774136267, 0.2223810344533745),
        (-0.5255324099163290, 0.3137066458778873), (-0.1834346424956498, 0.3626837833783620),
        (0.1834346424956498, 0.3626837833783620), (0.5255324099163290, 0.3137066458778873),
        (0.7966664774136267, 0.2223810344533745), (0.9602898564975363, 0.1012285362903763),
    ];

    private readonly double[] scores;
    private readonly double[] masses;
    private readonly double information;
    private readonly double drift;

    private StageDensity(double[] scores, double[] masses, double information, double drift) =>
        (this.scores, this.masses, this.information, this.drift) = (scores, masses, information, drift);

    /// <summary>Before the first look: all mass at score 0, information 0.</summary>
    /// <param name="drift">θ: E[Z_k] = θ·√I_k.</param>
    public static StageDensity Start(double drift) => new([0], [1], 0, drift);

    /// <summary>P(not stopped before, and Z at the next look is above z).</summary>
    public double Above(double z, double nextInformation) => Tail(z, nextInformation, +1);

    /// <summary>P(not stopped before, and Z at the next look is below z).</summary>
    public double Below(double z, double nextInformation) => Tail(z, nextInformation, -1);

    /// <summary>Moves to the next look, keeping the runs with lower &lt; Z &lt; upper.</summary>
    public StageDensity Next(double lower, double upper, double nextInformation, double stepAfter)
    {
        var step = nextInformation - information;
        var root = Math.Sqrt(nextInformation);
        var centre = drift * nextInformation;
        var from = Math.Max(lower * root, centre - Reach * root);
        var to = Math.Min(upper * root, centre + Reach * root);
        if (!(to > from)) return new([], [], nextInformation, drift);

        var width = 1.5 * Math.Sqrt(Math.Min(step, stepAfter > 0 ? stepAfter : step));
        var panels = Math.Clamp((int)Math.Ceiling((to - from) / width), 8, MostPanels);
        var half = (to - from) / panels / 2;
        var nextScores = new double[panels * Gauss.Length];
        var nextMasses = new double[nextScores.Length];
        for (var i = 0; i < nextScores.Length; i++)
        {
            var (node, weight) = Gauss[i % Gauss.Length];
            nextScores[i] = from + (2 * (i / Gauss.Length) + 1 + node) * half;
            nextMasses[i] = Density(nextScores[i], step) * weight * half;
        }

        return new(nextScores, nextMasses, nextInformation, drift);
    }

    private double Density(double score, double step)
    {
        // Scores ascend, and only those within reach of the kernel contribute.
        var sd = Math.Sqrt(step);
        var mean = score - drift * step;
        var sum = 0.0;
        for (var i = FirstAtLeast(mean - Reach * sd); i < scores.Length; i++)
        {
            var z = (mean - scores[i]) / sd;
            if (z < -Reach) break;
            sum += masses[i] * Math.Exp(-0.5 * z * z);
        }

        return sum / sd / Math.Sqrt(2 * Math.PI);
    }

    private int FirstAtLeast(double score)
    {
        var index = Array.BinarySearch(scores, score);
        return index < 0 ? ~index : index;
    }

    private double Tail(double z, double nextInformation, int side)
    {
        var step = nextInformation - information;
        var sd = Math.Sqrt(step);
        var boundary = z * Math.Sqrt(nextInformation);
        var sum = 0.0;
        for (var i = 0; i < scores.Length; i++)
            sum += masses[i] * Normal.Survival(side * (boundary - scores[i] - drift * step) / sd);
        return sum;
    }
}
