using System.Globalization;
using System.Text;

namespace Delivery.Evaluation;

/// <summary>JSONLogic's <c>var</c>: an attribute by its path, or a part of the element inside map and the like.</summary>
internal sealed class LogicVariable(JsonLogicNode name, JsonLogicNode? fallback) : JsonLogicNode
{
    private readonly string[]? _path = name is LogicLiteral literal ? Split(Text(literal.Value)) : null;
    private JsonLogicNode? _fallback = fallback;

    internal override AttributeValue Evaluate(in LogicScope scope)
    {
        var path = _path;
        if (path is null)
        {
            var computed = name.Evaluate(scope);
            if (computed.IsFailed)
                return computed;
            path = Split(Text(computed));
        }

        var value = Find(path, scope);
        if (!value.IsMissingOrNull)
            return value;
        return _fallback is null ? AttributeValue.Null : _fallback.Evaluate(scope);
    }

    internal override bool IsConstant(bool element) => element && name.IsConstant(element) && (_fallback is null || _fallback.IsConstant(element));

    internal override void FoldParts(bool isLenient) => _fallback = _fallback is null ? null : Fold(_fallback, isLenient);

    /// <summary>The value at a path; missing where there is none, null where null is there.</summary>
    internal static AttributeValue Find(ReadOnlySpan<string> path, in LogicScope scope)
    {
        if (scope.HasElement)
            return Descend(scope.Element, path);
        if (path.Length == 0)
            return AttributeValue.From(scope.Context.Attributes);
        if (path[0] == "$flagd")
            return path.Length == 2 ? FromFlagd(path[1], scope) : AttributeValue.Missing;
        return scope.Context.TryGet(path[0], out var value) ? Descend(value, path[1..]) : AttributeValue.Missing;
    }

    /// <summary>Parts at the dots; a backslash takes a dot or a backslash as it is.</summary>
    internal static string[] Split(string path)
    {
        if (path.Length == 0)
            return [];
        if (!path.Contains('\\', StringComparison.Ordinal))
            return path == "." ? [""] : path.Split('.');
        var parts = new List<string>();
        var part = new StringBuilder();
        for (var i = 0; i < path.Length; i++)
        {
            var isEscape = path[i] == '\\' && i + 1 < path.Length && (path[i + 1] is '.' or '/' or '\\');
            if (path[i] == '.')
            {
                parts.Add(part.ToString());
                part.Clear();
            }
            else
            {
                part.Append(isEscape ? path[++i] : path[i]);
            }
        }

        parts.Add(part.ToString());
        return [.. parts];
    }

    private static string Text(in AttributeValue value) => value.IsMissingOrNull ? "" : JavaScript.ToText(value);

    private static AttributeValue FromFlagd(string name, in LogicScope scope) => name switch
    {
        "flagKey" => AttributeValue.From(scope.FlagKey),
        "timestamp" => scope.Context.Time is { } time ? AttributeValue.From(time.ToUnixTimeSeconds()) : AttributeValue.Null,
        _ => AttributeValue.Missing,
    };

    private static AttributeValue Descend(AttributeValue value, ReadOnlySpan<string> path)
    {
        foreach (var part in path)
        {
            if (value.Kind == AttributeKind.Object)
                value = value.Members.TryGet(part, out var member) ? member : AttributeValue.Missing;
            else if (value.Kind == AttributeKind.Array)
                value = part == "length" ? AttributeValue.From(value.Elements.Length) : Index(part, value.Elements.Length) is { } at ? value.Elements[at] : AttributeValue.Missing;
            else if (value.Kind == AttributeKind.String)
                value = part == "length" ? AttributeValue.From(value.Text.Length) : Index(part, value.Text.Length) is { } at ? AttributeValue.From(value.Text[at].ToString()) : AttributeValue.Missing;
            else
                return AttributeValue.Missing;
        }

        return value;
    }

    private static int? Index(string part, int length) =>
        int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var at) && at < length && (part.Length == 1 || part[0] != '0') ? at : null;
}
