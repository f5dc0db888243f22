using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Http;
using Delivery.Contracts.Metrics;
using Mediator;
using Microsoft.AspNetCore.Http;

namespace Delivery.Metrics.Exploring;

/// <summary><c>GET /api/v1/metrics/{key}/series</c>: a metric over time, per variant of a flag, with segments.</summary>
internal static class SeriesEndpoint
{
    private const int MostBuckets = 500;
    private const int UsualBuckets = 48;
    private static readonly TimeSpan Longest = TimeSpan.FromDays(366);
    private static readonly long[] Steps = [1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 604_800];

    private static readonly JsonSerializerOptions WithNulls = new(Json.Options) { DefaultIgnoreCondition = JsonIgnoreCondition.Never };

    public static async Task<IResult> Get(string key, HttpContext http, ISender sender, TimeProvider time, CancellationToken cancellationToken)
    {
        if (await sender.Send(new FindMetric(key), cancellationToken) is not { } metric)
            return Problems.NotFound("metric", key);
        var errors = new List<FieldError>();
        var question = Read(http.Request.Query, new MetricToMeasure(key, metric.Definition), time.GetUtcNow(), errors);
        if (errors.Count > 0)
            return Problems.Invalid(errors);
        return await sender.Send(question, cancellationToken) switch
        {
            MetricSeriesAnswer.Series series => Results.Json(series, WithNulls),
            MetricSeriesAnswer.TooLong { Patience: var patience } => Problems.Problem(
                StatusCodes.Status503ServiceUnavailable, "series-too-long", $"The events between 'from' and 'to' can't be looked through in {patience.TotalSeconds:0} s. Ask for a shorter time."),
            var other => throw new InvalidOperationException($"unknown answer {other.GetType().Name}"),
        };
    }

    private static GetMetricSeries Read(IQueryCollection query, MetricToMeasure metric, DateTimeOffset now, List<FieldError> errors)
    {
        string Text(string name, bool needed = false)
        {
            var value = query[name].ToString();
            if (value.Length > 200 || (needed && value.Length == 0) || value.Contains('\0', StringComparison.Ordinal))
                errors.Add(new FieldError(name, $"1 to 200 characters{(needed ? "" : ", or nothing")}"));
            return value;
        }

        DateTimeOffset Time(string name, DateTimeOffset usual)
        {
            if (query[name].ToString() is not { Length: > 0 } text)
                return usual;
            if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) && time.Year is >= 2000 and < 2200)
                return time.ToUniversalTime();
            errors.Add(new FieldError(name, "an ISO 8601 time such as 2026-11-23T07:17:00Z, from 2000 on"));
            return usual;
        }

        var (environment, flag, by, version) = (Text("environment", needed: true), Text("flag"), Text("by"), query["fromVersion"].ToString());
        var to = Time("to", now);
        var from = Time("from", to.AddDays(-1));
        if (to <= from || to - from > Longest)
            errors.Add(new FieldError("from", $"before 'to', and at most {Longest.TotalDays:0} days before it"));
        var fromVersion = 0L;
        if (version.Length > 0 && !long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out fromVersion))
            errors.Add(new FieldError("fromVersion", "a flag version: a whole number, 0 or more"));
        if (by is not ("" or "none") && (by != "variant" || flag.Length == 0))
            errors.Add(new FieldError("by", "variant, together with flag; or none"));
        var segment = Segment(Text("segment"), flag.Length > 0, errors);
        return new GetMetricSeries(
            environment, metric, from, to, errors.Count > 0 ? TimeSpan.FromDays(1) : Step(query["step"].ToString(), to - from, errors), flag.Length > 0 ? flag : null, fromVersion, by != "none", segment);
    }

    private static TimeSpan Step(string text, TimeSpan span, List<FieldError> errors)
    {
        if (text.Length == 0)
            return TimeSpan.FromSeconds(Steps.FirstOrDefault(s => span.TotalSeconds / s <= UsualBuckets, Steps[^1]));
        var (number, unit) = text[^1] switch
        {
            's' => (text[..^1], 1L),
            'm' => (text[..^1], 60L),
            'h' => (text[..^1], 3_600L),
            'd' => (text[..^1], 86_400L),
            _ => (text, 1L),
        };
        if (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count == 0 || count * unit > 366L * 86_400)
        {
            errors.Add(new FieldError("step", "seconds, or a number with s, m, h or d, such as 15m; at most 366d"));
            return span;
        }

        var step = TimeSpan.FromSeconds(count * unit);
        if (span / step > MostBuckets)
            errors.Add(new FieldError("step", $"at least {Math.Ceiling(span.TotalSeconds / MostBuckets).ToString(CultureInfo.InvariantCulture)} seconds: an answer has at most {MostBuckets} buckets. For more ask in parts, by 'from' and 'to'"));
        return step;
    }

    private static SeriesSegment? Segment(string text, bool hasFlag, List<FieldError> errors)
    {
        if (text.Length == 0)
            return null;
        var parts = text.Split(':', 2);
        if (parts is ["property", { Length: > 0 } property])
            return new SeriesSegment(SeriesSegmentKind.Property, property);
        if (parts is ["attribute", { Length: > 0 } attribute] && hasFlag)
            return new SeriesSegment(SeriesSegmentKind.Attribute, attribute);
        errors.Add(new FieldError("segment", "property:NAME of the events, or, together with flag, attribute:NAME of the units' exposures"));
        return null;
    }
}
