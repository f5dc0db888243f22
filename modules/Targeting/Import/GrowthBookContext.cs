using System.Globalization;
using System.Text.Json;
using Delivery.Evaluation;

namespace Delivery.Targeting.Import;

/// <summary>
/// What a GrowthBook SDK's context adds to the payload, where the document has it: a variation forced for the unit that
/// <c>attributes</c> name (for everyone where they name none), quality assurance mode, the switched-off SDK. A variation
/// that the page's address forces (<c>?experiment=1</c>) is one, too.
/// </summary>
internal sealed class GrowthBookContext
{
    private readonly JsonElement _document;
    private readonly Dictionary<string, string> _byAddress = new(StringComparer.Ordinal);

    public GrowthBookContext(JsonElement document)
    {
        _document = document;
        if (!document.TryGetProperty("url", out var url) || url.ValueKind != JsonValueKind.String)
            return;
        var query = url.GetString()!.Split('#')[0].Split('?', 2);
        foreach (var pair in query.Length < 2 ? [] : query[1].Split('&').Select(part => part.Split('=', 2)).Where(pair => pair.Length == 2))
            _byAddress.TryAdd(pair[0], pair[1]);
    }

    /// <summary>False: no experiment runs, features serve what their other rules say.</summary>
    public bool IsEnabled => !Is("enabled", JsonValueKind.False);

    /// <summary>True: only forced variations are served.</summary>
    public bool IsQaMode => Is("qaMode", JsonValueKind.True);

    /// <summary>The variation forced in an experiment; null for none. It may be one that the experiment has not.</summary>
    public int? Forced(string experiment, int variations)
    {
        if (!IsEnabled)
            return null;
        if (_byAddress.TryGetValue(experiment, out var text) && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var named) && named < variations)
            return named;
        return _document.TryGetProperty("forcedVariations", out var forced) && forced.ValueKind == JsonValueKind.Object
            && forced.TryGetProperty(experiment, out var index) && index.TryGetInt32(out var variation)
            ? variation
            : null;
    }

    /// <summary>Who it is forced for: the unit of the context. Null: everyone.</summary>
    public Condition? Unit(string attribute) =>
        _document.TryGetProperty("attributes", out var attributes) && attributes.ValueKind == JsonValueKind.Object && attributes.TryGetProperty(attribute, out var value)
            && value.ValueKind is JsonValueKind.String or JsonValueKind.Number
            ? new Condition.Attribute { Name = attribute, Operator = ConditionOperator.In, Values = [value.Clone()] }
            : null;

    private bool Is(string member, JsonValueKind kind) => _document.TryGetProperty(member, out var value) && value.ValueKind == kind;
}
