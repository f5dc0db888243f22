using System.Text.Json;
using System.Text.Json.Serialization;

namespace Delivery.Contracts.Http;

/// <summary>The one JSON dialect of the management API: camelCase, kebab-case enums, unknown members refused.</summary>
public static class Json
{
    /// <summary>Reads and writes management documents.</summary>
    public static JsonSerializerOptions Options { get; } = Make();

    /// <summary>Sets the dialect on options that a framework owns.</summary>
    public static void Configure(JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.PropertyNamingPolicy = JsonNamingPolicy.CamelCase;
        options.DictionaryKeyPolicy = null;
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.RespectNullableAnnotations = true;
        options.RespectRequiredConstructorParameters = true;
        options.AllowDuplicateProperties = false;
        // A "kind" may stand anywhere: people write it last, and PostgreSQL's jsonb keeps no order.
        options.AllowOutOfOrderMetadataProperties = true;
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false));
    }

    private static JsonSerializerOptions Make()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        Configure(options);
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
