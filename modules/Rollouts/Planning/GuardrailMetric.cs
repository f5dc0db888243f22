using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Delivery.Rollouts;

/// <summary>What a guardrail compares, written <c>latency-p95</c>, <c>errors</c> or <c>conversion:NAME</c>.</summary>
[JsonConverter(typeof(GuardrailMetricConverter))]
internal abstract record GuardrailMetric
{
    public const string Accepted = "latency-p50, latency-p95, latency-p99, errors or conversion:NAME";
    private const string ConversionPrefix = "conversion:";

    private GuardrailMetric()
    {
    }

    /// <summary>A quantile of the durations; longer is worse.</summary>
    public sealed record Latency(int Percentile) : GuardrailMetric;

    /// <summary>The share of exposed units that failed at least once; more is worse.</summary>
    public sealed record Errors : GuardrailMetric;

    /// <summary>The share of exposed units with at least one such event; less is worse.</summary>
    public sealed record Conversion(string EventName) : GuardrailMetric;

    public string Word => this switch
    {
        Latency l => string.Create(CultureInfo.InvariantCulture, $"latency-p{l.Percentile}"),
        Errors => "errors",
        Conversion c => ConversionPrefix + c.EventName,
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    public static GuardrailMetric? Parse(string? word) => word switch
    {
        "latency-p50" => new Latency(50),
        "latency-p95" => new Latency(95),
        "latency-p99" => new Latency(99),
        "errors" => new Errors(),
        { Length: > 11 and <= 211 } when word.StartsWith(ConversionPrefix, StringComparison.Ordinal) => new Conversion(word[ConversionPrefix.Length..]),
        _ => null,
    };
}

internal sealed class GuardrailMetricConverter : JsonConverter<GuardrailMetric>
{
    public override GuardrailMetric Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        GuardrailMetric.Parse(reader.GetString()) ?? throw new JsonException(GuardrailMetric.Accepted);

    public override void Write(Utf8JsonWriter writer, GuardrailMetric value, JsonSerializerOptions options) => writer.WriteStringValue(value.Word);
}
