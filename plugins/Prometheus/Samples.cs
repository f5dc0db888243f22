using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace Delivery.Plugins.Prometheus;

/// <summary>A series of an answer, with its raw samples in order.</summary>
/// <param name="Key">Its labels, as one text.</param>
/// <param name="Labels">Its labels, the name among them.</param>
/// <param name="Samples">When and what; those that are no finite number are left out.</param>
internal sealed record Series(string Key, ImmutableSortedDictionary<string, string> Labels, IReadOnlyList<(DateTimeOffset At, Level Level)> Samples)
{
    /// <summary>Reads an answer of type <c>matrix</c> or <c>vector</c>.</summary>
    public static PluginResult<IReadOnlyList<Series>> Of(ApiAnswer answer)
    {
        try
        {
            return new PluginResult<IReadOnlyList<Series>>.Ok([.. answer.Data.GetProperty("result").EnumerateArray().Select(Read)]);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or ArgumentOutOfRangeException)
        {
            return ApiAnswer.Nonsense("query");
        }
    }

    private static Series Read(JsonElement series)
    {
        var labels = series.GetProperty("metric").EnumerateObject().ToImmutableSortedDictionary(l => l.Name, l => l.Value.GetString()!, StringComparer.Ordinal);
        var samples = Many(series, "values").Concat(One(series, "value")).Select(Number)
            .Concat(Many(series, "histograms").Concat(One(series, "histogram")).Select(Histogram))
            .Where(s => double.IsFinite(s.Level.Count))
            .OrderBy(s => s.At).ToList();
        return new Series(string.Join('\n', labels.Select(l => $"{l.Key}={l.Value}")), labels, samples);
    }

    private static JsonElement[] Many(JsonElement series, string name) =>
        series.TryGetProperty(name, out var list) ? [.. list.EnumerateArray()] : [];

    private static IEnumerable<JsonElement> One(JsonElement series, string name) =>
        series.TryGetProperty(name, out var one) ? [one] : [];

    private static (DateTimeOffset At, Level Level) Number(JsonElement sample) => (At(sample), Level.Zero with { Count = Float(sample[1]) });

    private static (DateTimeOffset At, Level Level) Histogram(JsonElement sample)
    {
        var histogram = sample[1];
        var spans = histogram.TryGetProperty("buckets", out var buckets)
            ? buckets.EnumerateArray().Select(b => new Span(Float(b[1]), Float(b[2]), Float(b[3]))).ToImmutableArray()
            : [];
        return (At(sample), new Level(Float(histogram.GetProperty("count")), Float(histogram.GetProperty("sum")), spans));
    }

    private static DateTimeOffset At(JsonElement sample) => DateTimeOffset.FromUnixTimeMilliseconds((long)Math.Round(sample[0].GetDouble() * 1_000));

    /// <summary>Prometheus writes numbers as texts: <c>+Inf</c> and <c>NaN</c> are no JSON.</summary>
    public static double Float(JsonElement text) => Float(text.GetString()!);

    public static double Float(string text) => text switch
    {
        "+Inf" or "Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        _ => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
    };
}
