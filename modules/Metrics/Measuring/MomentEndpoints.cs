using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Http;
using Delivery.Contracts.Metrics;
using Delivery.Contracts.Targeting;
using Delivery.Metrics.Catalogue;
using Delivery.Metrics.Scoring;
using Mediator;
using Microsoft.AspNetCore.Http;

namespace Delivery.Metrics.Measuring;

/// <summary>A metric to try on past data before it is saved.</summary>
/// <param name="Environment">The environment's key.</param>
/// <param name="Flag">The flag whose units are measured.</param>
/// <param name="Metric">The definition, as it would be saved.</param>
/// <param name="FromVersion">The first flag version that counts.</param>
/// <param name="Baseline">The variant that others are compared with; null takes the flag's off variant, or the first one.</param>
internal sealed record MetricTrial(string Environment, string Flag, MetricDefinition Metric, long FromVersion = 0, string? Baseline = null);

/// <summary>What a metric would have said: the exact sums, how the variants compare by it, and the cap that held and where it came from.</summary>
internal sealed record TrialAnswer(
    IReadOnlyList<MomentCell> Cells, DateTimeOffset CompleteUpTo, long ExposurePosition, long EventPosition, MetricScore Score, decimal? Cap, CapOrigin? CapFrom,
    double LatenessSeconds, double HistorySeconds);

/// <summary>The exact sums over HTTP: for whoever wants to compute a result again, or a metric before it is saved.</summary>
internal static class MomentEndpoints
{
    private const int MostMetrics = 50;

    /// <summary>Sums are texts: most JSON readers would round them.</summary>
    private static readonly JsonSerializerOptions Exact = new(Json.Options) { Converters = { new Int128Text() } };

    /// <summary>In a trial a number that is missing is told as null beside its reason.</summary>
    private static readonly JsonSerializerOptions ExactWithNulls = new(Exact) { DefaultIgnoreCondition = JsonIgnoreCondition.Never };

    public static async Task<IResult> Get(HttpContext http, ISender sender, CancellationToken cancellationToken) =>
        await QuestionAsync(http, sender, cancellationToken) switch
        {
            (_, { } problem) => problem,
            var (question, _) => Results.Json(await sender.Send(question!, cancellationToken), Exact),
        };

    public static async Task<IResult> Check(HttpContext http, ISender sender, MomentBook book, MomentSql sql, CancellationToken cancellationToken) =>
        await QuestionAsync(http, sender, cancellationToken) switch
        {
            (_, { } problem) => problem,
            var (question, _) => Results.Json(await MomentCheck.RunAsync(question!, book, sql, cancellationToken), Exact),
        };

    public static async Task<IResult> Try(Body<MetricTrial> body, ISender sender, CancellationToken cancellationToken)
    {
        var trial = body.Value;
        var faults = DefinitionFaults.Of("trial", trial.Metric).Select(fault => fault with { Field = $"metric.{fault.Field}" }).ToList();
        if (!IsKey(trial.Environment))
            faults.Add(new FieldError("environment", "the environment's key, 1 to 200 characters"));
        if (!IsKey(trial.Flag))
            faults.Add(new FieldError("flag", "the flag's key, 1 to 200 characters"));
        if (trial.FromVersion < 0)
            faults.Add(new FieldError("fromVersion", "a flag version: a whole number, 0 or more"));
        if (trial.Baseline is { } named && !IsKey(named))
            faults.Add(new FieldError("baseline", "a variant's key, or nothing"));
        if (faults.Count > 0)
            return Problems.Invalid(faults);
        var resolution = await sender.Send(new ResolveCap(null, trial.Metric), cancellationToken);
        if (resolution is CapResolution.Refused(var refused))
            return Problems.Invalid([.. refused.Select(fault => fault with { Field = $"metric.{fault.Field}" })]);
        var definition = ((CapResolution.Resolved)resolution).Definition;
        var metric = new MetricView("trial", definition, 0, false, false, null, null);
        var moments = await sender.Send(new GetMoments(trial.Environment, trial.Flag, trial.FromVersion, [new MetricToMeasure("trial", definition)], Trial: true), cancellationToken);
        var baseline = trial.Baseline ?? (await sender.Send(new FindFlag(trial.Flag, trial.Environment), cancellationToken))?.OffVariant
            ?? moments.Cells.Select(cell => cell.Variant).Order(StringComparer.Ordinal).FirstOrDefault() ?? "";
        var card = new Scorer(new GetScorecard(trial.Environment, trial.Flag, baseline, trial.FromVersion, [metric]), moments).Score();
        return Results.Json(new TrialAnswer(moments.Cells, moments.CompleteUpTo, moments.ExposurePosition, moments.EventPosition, card.Metrics[0], definition.Cap, definition.CapFrom, moments.LatenessSeconds, moments.HistorySeconds), ExactWithNulls);
    }

    private static bool IsKey(string text) => text.Length is > 0 and <= 200 && !text.Contains('\0', StringComparison.Ordinal);

    private static async Task<(GetMoments? Question, IResult? Problem)> QuestionAsync(HttpContext http, ISender sender, CancellationToken cancellationToken)
    {
        var query = http.Request.Query;
        var (environment, flag, keys) = (query["environment"].ToString(), query["flag"].ToString(), query["metric"]);
        var errors = new List<FieldError>();
        if (!IsKey(environment))
            errors.Add(new FieldError("environment", "the environment's key, 1 to 200 characters"));
        if (!IsKey(flag))
            errors.Add(new FieldError("flag", "the flag's key, 1 to 200 characters"));
        if (keys.Count is 0 or > MostMetrics)
            errors.Add(new FieldError("metric", $"1 to {MostMetrics} metrics' keys, as ?metric=a&metric=b"));
        var from = query["fromVersion"].ToString();
        var fromVersion = 0L;
        if (from.Length > 0 && !long.TryParse(from, NumberStyles.None, CultureInfo.InvariantCulture, out fromVersion))
            errors.Add(new FieldError("fromVersion", "a flag version: a whole number, 0 or more"));
        if (errors.Count > 0)
            return (null, Problems.Invalid(errors));
        var metrics = new List<MetricToMeasure>();
        foreach (var key in keys.Distinct())
        {
            if (await sender.Send(new FindMetric(key!), cancellationToken) is not { } metric)
                return (null, Problems.NotFound("metric", key!));
            metrics.Add(new MetricToMeasure(key!, metric.Definition));
        }

        return (new GetMoments(environment, flag, fromVersion, metrics), null);
    }

    private sealed class Int128Text : JsonConverter<Int128>
    {
        public override Int128 Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            Int128.Parse(reader.GetString()!, CultureInfo.InvariantCulture);

        public override void Write(Utf8JsonWriter writer, Int128 value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString(CultureInfo.InvariantCulture));
    }
}
