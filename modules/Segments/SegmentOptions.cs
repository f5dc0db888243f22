using System.ComponentModel.DataAnnotations;

namespace Delivery.Segments;

/// <summary>How the logs trade latency, memory and throughput. Section <c>Segments</c>.</summary>
public sealed class SegmentOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Segments";

    /// <summary>
    /// How long a group that is not yet worth a commit waits for more, in real time. Longer makes fewer, larger segments and
    /// slower acknowledgements. 0 to 1 s; the default is 5 ms.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:01")]
    public TimeSpan Linger { get; set; } = TimeSpan.FromMilliseconds(5);

    /// <summary>A group of so many rows is committed at once. 1 to 1,000,000; the default is 5,000.</summary>
    [Range(1, 1_000_000)]
    public int RowsWorthCommitting { get; set; } = 5_000;

    /// <summary>A group takes no further batch beyond so many rows. 1 to 10,000,000; the default is 50,000.</summary>
    [Range(1, 10_000_000)]
    public int LargestGroupRows { get; set; } = 50_000;

    /// <summary>
    /// What each log's bodies being read and batches awaiting their commit may hold, in bytes; more is answered with 429.
    /// 16 MiB to 16 GiB; the default is 128 MiB.
    /// </summary>
    [Range(16L << 20, 16L << 30)]
    public long QueueBytes { get; set; } = 128L << 20;

    /// <summary>
    /// A partition is closed after so many rows, and its indexes are built then. Until then a unit's history reads its rows one by
    /// one: more rows make fewer partitions and a longer tail. 1,000 to 1,000,000,000; the default is 2,000,000.
    /// </summary>
    [Range(1_000, 1_000_000_000)]
    public int SliceRows { get; set; } = 2_000_000;

    /// <summary>
    /// Below so many rows a second the open partition is indexed too: keeping an index up costs each row more than storing it
    /// (3.5 µs of a core beside 2.2), which matters only to many. 0 to 1,000,000; the default is 2,000: less than a hundredth of a core.
    /// </summary>
    [Range(0, 1_000_000)]
    public int CalmRowsPerSecond { get; set; } = 2_000;

    /// <summary>How many rows a reader of the log gets at a time. 100 to 1,000,000; the default is 10,000.</summary>
    [Range(100, 1_000_000)]
    public int ReadRows { get; set; } = 10_000;

    /// <summary>
    /// How much of what was committed in the last seconds each log keeps in memory for the readers at its head, in bytes. 0 to 1 GiB;
    /// the default is 32 MiB, about 200,000 exposures.
    /// </summary>
    [Range(0L, 1L << 30)]
    public long RecentBytes { get; set; } = 32L << 20;

    /// <summary>
    /// How often a reader looks for rows that another server committed, in real time; this server's own wake it at once.
    /// The default is 1 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan LookForOthersEvery { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// By how many connections at once a verification reads; each uses a core of the database as far as there is one, and a thread of the
    /// server hashes what four of them send. 1 to 64; the default is 4.
    /// </summary>
    [Range(1, 64)]
    public int VerifyConnections { get; set; } = 4;

    /// <summary>
    /// How long a batch's number is remembered; a batch repeated later is written again. 1 h to 3,650 days; the default is 30 days.
    /// Forgotten once a day.
    /// </summary>
    [Range(typeof(TimeSpan), "01:00:00", "3650.00:00:00")]
    public TimeSpan RememberBatchesFor { get; set; } = TimeSpan.FromDays(30);
}
