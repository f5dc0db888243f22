using System.Text.Json;
using Delivery.Evaluation;

namespace Delivery.Client.Rulesets;

/// <summary>One message of the ruleset stream.</summary>
internal abstract record StreamMessage
{
    private StreamMessage()
    {
    }

    /// <summary>Everything.</summary>
    internal sealed record Whole(Ruleset Ruleset) : StreamMessage;

    /// <summary>One flag.</summary>
    internal sealed record Change(long Sequence, FlagDefinition Flag) : StreamMessage;

    /// <summary>A segment, layer or holdout.</summary>
    internal sealed record PartChange(long Sequence, RulesetPart Part) : StreamMessage;

    /// <summary>A kind this version does not know.</summary>
    internal sealed record Unknown(string Kind) : StreamMessage;

    /// <exception cref="JsonException">The message is not what its kind says.</exception>
    internal static StreamMessage Parse(string kind, ReadOnlySpan<byte> utf8Json) => kind switch
    {
        "ruleset" => new Whole(RulesetJson.Read(utf8Json)),
        "flag" => ParseChange(utf8Json),
        _ => ParsePart(kind, utf8Json),
    };

    private static StreamMessage ParsePart(string kind, ReadOnlySpan<byte> utf8Json)
    {
        var reader = new Utf8JsonReader(utf8Json);
        using var document = JsonDocument.ParseValue(ref reader);
        var root = document.RootElement;
        return RulesetPart.Parse(kind, root) is { } part ? new PartChange(root.GetProperty("sequence").GetInt64(), part) : new Unknown(kind);
    }

    private static Change ParseChange(ReadOnlySpan<byte> utf8Json)
    {
        var reader = new Utf8JsonReader(utf8Json);
        using var document = JsonDocument.ParseValue(ref reader);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("sequence", out var sequence) || !sequence.TryGetInt64(out var number)
            || !root.TryGetProperty("flag", out var flag))
            throw new JsonException("A flag's change has a sequence and a flag.");
        return new Change(number, flag.Deserialize(RulesetJson.Default.FlagDefinition) ?? throw new JsonException("A flag is an object, not null."));
    }
}
