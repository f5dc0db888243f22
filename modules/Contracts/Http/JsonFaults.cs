using System.Text.Json;
using System.Text.RegularExpressions;
using Delivery.Contracts.Commands;

namespace Delivery.Contracts.Http;

/// <summary>Says in the caller's words what is wrong with a JSON document: which member, and what would be accepted there.</summary>
public static partial class JsonFaults
{
    /// <summary>The faults that a failed deserialization tells of.</summary>
    /// <param name="fault">What the serializer threw.</param>
    /// <param name="document">The type that was read; its assembly's enums are known by name.</param>
    public static IReadOnlyList<FieldError> Explain(JsonException fault, Type document)
    {
        ArgumentNullException.ThrowIfNull(fault);
        ArgumentNullException.ThrowIfNull(document);
        if (JsonUnions.Fault(fault, document) is { } kind)
            return [kind];
        var path = Path(fault.Path);
        if (Missing().Match(fault.Message) is { Success: true } missing)
            return Names().Matches(missing.Groups["names"].Value)
                .Select(n => new FieldError(path == "$" ? n.Groups[1].Value : $"{path}.{n.Groups[1].Value}", "this member is required")).ToList();
        if (fault.Message.Contains("could not be mapped to any .NET member", StringComparison.Ordinal))
            return [new FieldError(path, "there is no such member here; see /openapi/v1.json")];
        if (fault.Message.StartsWith("Duplicate property", StringComparison.OrdinalIgnoreCase))
            return [new FieldError(path == "$" && Names().Match(fault.Message) is { Success: true } twice ? twice.Groups[1].Value : path, "each member at most once")];
        if (NotConverted().Match(fault.Message) is { Success: true } type)
            return [new FieldError(path, Accepted(type.Groups["type"].Value, document))];
        return fault.Message.Contains("null", StringComparison.OrdinalIgnoreCase) && path != "$"
            ? [new FieldError(path, "a value; null is not accepted here")]
            : [new FieldError(path, $"valid JSON{Position(fault)}")];
    }

    private static string Position(JsonException fault) =>
        fault is { LineNumber: { } line, BytePositionInLine: { } position } ? $"; it is not at line {line + 1}, byte {position + 1}" : "";

    private static string Path(string? path) =>
        string.IsNullOrEmpty(path) || path == "$" ? "$" : path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : path;

    private static string Accepted(string type, Type document)
    {
        if (Nullable().Match(type) is { Success: true } nullable)
            type = nullable.Groups["inner"].Value;
        var known = document.Assembly.GetType(type) ?? typeof(JsonFaults).Assembly.GetType(type);
        if (known is { IsEnum: true })
            return $"one of {string.Join(", ", Enum.GetNames(known).Select(JsonNamingPolicy.KebabCaseLower.ConvertName))}";
        return type switch
        {
            "System.String" => "a string",
            "System.Boolean" => "true or false",
            "System.Int32" or "System.Int64" or "System.Int16" or "System.UInt32" or "System.UInt64" => "a whole number",
            "System.Double" or "System.Decimal" or "System.Single" => "a number",
            "System.DateTimeOffset" or "System.DateTime" => "an ISO 8601 time such as 2026-11-23T07:17:00Z",
            "System.Guid" => "a UUID",
            _ when type.Contains("Dictionary", StringComparison.Ordinal) => "an object",
            _ when type.Contains("List", StringComparison.Ordinal) || type.EndsWith("[]", StringComparison.Ordinal) || type.Contains("Enumerable", StringComparison.Ordinal) => "a list",
            _ => "an object; see /openapi/v1.json",
        };
    }

    [GeneratedRegex("missing required properties including: (?<names>.*?)\\.?( Path:.*)?$", RegexOptions.Singleline)]
    private static partial Regex Missing();

    [GeneratedRegex("'([^']+)'")]
    private static partial Regex Names();

    [GeneratedRegex(@"could not be converted to (?<type>[^ ]+?)\.( Path|$)")]
    private static partial Regex NotConverted();

    [GeneratedRegex(@"^System\.Nullable`1\[(?<inner>.+)\]$")]
    private static partial Regex Nullable();
}
