using System.ComponentModel.DataAnnotations;

namespace Delivery.Client;

/// <summary>How a <see cref="DeliveryClient"/> talks to the server, and how much it keeps while it can't.</summary>
public sealed class DeliveryClientOptions
{
    /// <summary>The configuration section that <c>AddDelivery</c> binds.</summary>
    public const string Section = "Delivery:Client";

    /// <summary>The server's address, such as <c>https://delivery.example.com</c>. Required.</summary>
    [Required]
    public Uri? ServerUrl { get; set; }

    /// <summary>A <c>server-sdk</c> key; it names the environment. Required; keep it secret.</summary>
    [Required(AllowEmptyStrings = false)]
    public string Key { get; set; } = "";

    /// <summary>Who reports, as the ledger shows it (<c>X-Source</c>); a unique part is added. Default <c>dotnet</c>. 1 to 64 characters.</summary>
    [Required, StringLength(64, MinimumLength = 1), RegularExpression("[A-Za-z0-9._-]+")]
    public string ApplicationName { get; set; } = "dotnet";

    /// <summary>
    /// How long a start waits for the first ruleset before it goes on with the one on disk, or with default values.
    /// A refused connection ends the wait at once. From 0 to 10 minutes. Default 5 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan StartTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// A stream without a byte for so long is dead, and is opened anew. The server sends a heartbeat every 10 s.
    /// From 1 s to 10 minutes. Default 25 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan StreamSilence { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>The first pause before a retry; it doubles, with jitter, up to <see cref="RetryDelayLimit"/>. From 10 ms to 1 minute. Default 100 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest pause before a retry, unless the server asks for more (<c>Retry-After</c>). From 10 ms to 10 minutes. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00")]
    public TimeSpan RetryDelayLimit { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one report may take before it is sent again. From 100 ms to 5 minutes. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")]
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether the last known ruleset is kept on disk, for a start without the server. Default true.</summary>
    public bool KeepRulesetOnDisk { get; set; } = true;

    /// <summary>
    /// Where the last known ruleset is kept. Null: a file in the user's local application data, named by a hash of
    /// server and key. The file holds the rules, so protect it like configuration.
    /// </summary>
    public string? RulesetFile { get; set; }

    /// <summary>
    /// Exposures kept in memory until they are acknowledged; more are dropped and counted. Rounded up to a power of two;
    /// each costs about 150 bytes, allocated at the start. From 1,024 to 4,194,304. Default 32,768.
    /// </summary>
    [Range(1_024, 4_194_304)]
    public int ExposureQueueCapacity { get; set; } = 32_768;

    /// <summary>As <see cref="ExposureQueueCapacity"/>, for metric events. Default 16,384.</summary>
    [Range(1_024, 4_194_304)]
    public int EventQueueCapacity { get; set; } = 16_384;

    /// <summary>Exposures or events in one report at the most; so many also wake the sender. From 1 to 5,000. Default 1,000.</summary>
    [Range(1, 5_000)]
    public int BatchSize { get; set; } = 1_000;

    /// <summary>The longest time that an exposure or event waits for its report to be sent. From 10 ms to 1 minute. Default 250 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan FlushInterval { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Reports above this size are compressed (gzip). In bytes, from 0. Default 16,384.</summary>
    [Range(0, int.MaxValue)]
    public int CompressAboveBytes { get; set; } = 16_384;

    /// <summary>How long a stop may take to report what is still queued; the rest is counted as lost. From 0 to 5 minutes. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Makes the handler of all requests, for a proxy or a client certificate. Null: a plain one.</summary>
    public Func<HttpMessageHandler>? CreateHandler { get; set; }
}
