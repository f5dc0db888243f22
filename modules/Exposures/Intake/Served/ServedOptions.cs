using System.ComponentModel.DataAnnotations;

namespace Delivery.Exposures.Intake.Served;

/// <summary>How the server's own evaluations become exposures. Section <c>Exposures:Served</c>.</summary>
internal sealed class ServedOptions
{
    public const string Section = "Exposures:Served";

    /// <summary>How many evaluations may wait to be written; more are counted and lost. 16 to 10,000,000; the default is 100,000.</summary>
    [Range(16, 10_000_000)]
    public int WaitingEvaluations { get; set; } = 100_000;

    /// <summary>How many are written at a time. 1 to 50,000; the default is 20,000.</summary>
    [Range(1, 50_000)]
    public int BatchRows { get; set; } = 20_000;

    /// <summary>Between two commits, unless as many wait as are written at a time; in real time. 0 to 10 s; the default is 250 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan WriteEvery { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long to wait before a batch that was not taken is tried again. 10 ms to 1 min; the default is 500 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromMilliseconds(500);
}
