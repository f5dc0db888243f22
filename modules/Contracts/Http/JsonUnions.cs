using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Delivery.Contracts.Commands;

namespace Delivery.Contracts.Http;

/// <summary>Says what a member that tells the kind of an object takes, where it is missing or says something unknown.</summary>
internal static partial class JsonUnions
{
    /// <summary>The fault, where the serializer stumbled over an object's kind; null for any other.</summary>
    public static FieldError? Fault(Exception fault, Type document)
    {
        if (!fault.Message.Contains("type discriminator", StringComparison.Ordinal) || Union(document) is not { } union)
            return null;
        var path = ((fault as JsonException)?.Path ?? PathOf().Match(fault.Message).Groups["path"].Value).TrimStart('$').TrimStart('.');
        var member = union.TypeDiscriminatorPropertyName;
        var named = path.EndsWith(member, StringComparison.Ordinal) ? path : path.Length == 0 ? member : $"{path}.{member}";
        return new FieldError(named, $"one of {string.Join(", ", union.DerivedTypes.Select(type => type.TypeDiscriminator))}");
    }

    /// <summary>The one union among a document's members and their items.</summary>
    private static JsonPolymorphismOptions? Union(Type document) => Json.Options.GetTypeInfo(document).Properties
        .Select(property => Json.Options.GetTypeInfo(property.PropertyType))
        .Select(member => member.PolymorphismOptions ?? (member.ElementType is { } item ? Json.Options.GetTypeInfo(item).PolymorphismOptions : null))
        .FirstOrDefault(options => options is not null);

    [GeneratedRegex(@"Path: (?<path>\S+)")]
    private static partial Regex PathOf();
}
