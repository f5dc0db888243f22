using System.ComponentModel.DataAnnotations;

namespace Delivery.Metrics.Intake.OpenTelemetry;

/// <summary>Which of OpenTelemetry's signals tells of requests; of both, each request would count twice.</summary>
internal enum RequestSignal
{
    /// <summary>Spans: each is one request, exact.</summary>
    Spans = 1,

    /// <summary>Histograms of request durations, such as <c>http.server.request.duration</c>: as exact as their buckets.</summary>
    Metrics = 2,
}

/// <summary>How OpenTelemetry becomes metric events. Section <c>Metrics:Otlp</c>.</summary>
internal sealed class OtlpEventOptions
{
    public const string Section = "Metrics:Otlp";

    private static readonly char[] Separators = [',', ' '];

    /// <summary>
    /// The attributes that name the unit, separated by commas; the first that is there counts, an element's own before its events'
    /// and its resource's. Default: feature_flag.context.id, targetingKey, enduser.id, user.id, session.id.
    /// </summary>
    [Required]
    public string UnitAttributes { get; set; } = "feature_flag.context.id,targetingKey,enduser.id,user.id,session.id";

    /// <summary>What counts as a request. Default: spans.</summary>
    [EnumDataType(typeof(RequestSignal))]
    public RequestSignal RequestsFrom { get; set; } = RequestSignal.Spans;

    /// <summary>How many measurements a histogram's data point may stand for; each becomes an event. 1 to 1,000,000; 10,000 by default.</summary>
    [Range(1, 1_000_000)]
    public int MostMeasurements { get; set; } = 10_000;

    /// <summary>
    /// How long a cumulative series is remembered after its last point. One that goes on later, or that was begun earlier than this
    /// when it is met first, counts from its next point on. 1 h to 90 days; 7 days by default.
    /// </summary>
    [Range(typeof(TimeSpan), "01:00:00", "90.00:00:00")]
    public TimeSpan RememberSeriesFor { get; set; } = TimeSpan.FromDays(7);

    /// <summary>
    /// How many cumulative series of an environment are remembered; points of further ones are rejected, and those of the known ones go
    /// on. A restart reads none of them; each takes a few hundred bytes of the database. 1 to 100,000,000; 100,000 by default.
    /// </summary>
    [Range(1, 100_000_000)]
    public int MostSeries { get; set; } = 100_000;

    public IReadOnlyList<string> UnitNames => UnitAttributes.Split(Separators, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
