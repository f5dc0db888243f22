using System.Globalization;
using System.Text.Json;
using Delivery.Evaluation;
using Microsoft.AspNetCore.Http;

namespace Delivery.Targeting.Ofrep;

/// <summary>The protocol's answers, written straight onto the wire.</summary>
internal static class OfrepJson
{
    public const string ContentType = "application/json";

    /// <summary>What is written here is well-formed by construction.</summary>
    public static readonly JsonWriterOptions Unchecked = new() { SkipValidation = true };

    public static int Status(EvaluationError error) => error switch
    {
        EvaluationError.None => 200,
        EvaluationError.FlagNotFound => 404,
        EvaluationError.ParseError or EvaluationError.InvalidContext or EvaluationError.TargetingKeyMissing or EvaluationError.TypeMismatch => 400,
        _ => 500,
    };

    public static void WriteResult(Utf8JsonWriter json, string key, in EvaluationResult result, string environment, EvaluationContext context)
    {
        if (!result.HasValue)
        {
            WriteError(json, key, result.ErrorCode, result.ErrorDetails);
            return;
        }

        json.WriteStartObject();
        json.WriteString("key"u8, key);
        json.WritePropertyName("value"u8);
        result.Value.WriteTo(json);
        json.WriteString("variant"u8, result.VariantKey);
        json.WriteString("reason"u8, Word(result.Reason));
        json.WriteStartObject("metadata"u8);
        WriteText(json, "version"u8, result.FlagVersion);
        json.WriteString("flagSetId"u8, environment);
        if (context.TargetingKey is { } unit)
            json.WriteString("contextId"u8, unit);
        WriteWhy(json, result.Why);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    public static void WriteError(Utf8JsonWriter json, string? key, EvaluationError error, string? details)
    {
        json.WriteStartObject();
        if (key is not null)
            json.WriteString("key"u8, key);
        json.WriteString("errorCode"u8, Word(error));
        if (details is not null)
            json.WriteString("errorDetails"u8, details);
        json.WriteEndObject();
    }

    /// <summary>Answers an error; for one flag with its key.</summary>
    public static Task AnswerErrorAsync(HttpContext http, int status, string? key, EvaluationError error, string? details)
    {
        var buffer = AnswerBuffer.Take();
        WriteError(buffer.Json, key, error, details);
        return buffer.SendAsync(http, status);
    }

    /// <summary>Answers that the key asks too often; <c>Retry-After</c> is set already.</summary>
    public static Task AnswerTooManyAsync(HttpContext http, string? key) => AnswerErrorAsync(
        http, StatusCodes.Status429TooManyRequests, key, EvaluationError.General, $"this key asks too often; try again in {http.Response.Headers.RetryAfter} s");

    public static string NoSuchEnvironment(string environment) => $"there is no environment '{environment}'";

    private static void WriteWhy(Utf8JsonWriter json, in Why why)
    {
        json.WriteString("why"u8, Words.Of(why.Kind));
        if (why.RuleId is { } rule)
            json.WriteString("rule"u8, rule);
        if (why.Subject is { } subject)
            json.WriteString("subject"u8, subject);
        if (why.FallThrough != FallThrough.None)
        {
            json.WriteString("passedOver"u8, Words.Of(why.FallThrough));
            if (why.SkippedRuleId is { } skipped)
                json.WriteString("passedOverRule"u8, skipped);
        }
    }

    /// <summary>OpenTelemetry's <c>feature_flag.version</c> is text, so the metadata is.</summary>
    private static void WriteText(Utf8JsonWriter json, ReadOnlySpan<byte> name, long number)
    {
        Span<byte> text = stackalloc byte[20];
        number.TryFormat(text, out var length, provider: CultureInfo.InvariantCulture);
        json.WriteString(name, text[..length]);
    }

    private static JsonEncodedText Word(EvaluationReason reason) => Words.Of(reason);

    private static JsonEncodedText Word(EvaluationError error) => Words.Of(error);

    private static class Words
    {
        private static readonly JsonEncodedText[] Reasons = All<EvaluationReason>(JsonNamingPolicy.SnakeCaseUpper);
        private static readonly JsonEncodedText[] Errors = All<EvaluationError>(JsonNamingPolicy.SnakeCaseUpper);
        private static readonly JsonEncodedText[] Kinds = All<WhyKind>(JsonNamingPolicy.CamelCase);
        private static readonly JsonEncodedText[] FallThroughs = All<FallThrough>(JsonNamingPolicy.CamelCase);

        public static JsonEncodedText Of(EvaluationReason reason) => Reasons[(int)reason];

        public static JsonEncodedText Of(EvaluationError error) => Errors[(int)error];

        public static JsonEncodedText Of(WhyKind kind) => Kinds[(int)kind];

        public static JsonEncodedText Of(FallThrough fallThrough) => FallThroughs[(int)fallThrough];

        private static JsonEncodedText[] All<T>(JsonNamingPolicy policy)
            where T : struct, Enum =>
            [.. Enum.GetNames<T>().Select(name => JsonEncodedText.Encode(policy.ConvertName(name)))];
    }
}
