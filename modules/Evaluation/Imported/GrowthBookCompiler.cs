using System.Collections.Frozen;
using System.Text.Json;

namespace Delivery.Evaluation;

/// <summary>
/// Compiles GrowthBook conditions (GrowthBook JavaScript SDK, <c>mongrule.ts</c>, specification 0.8.0): parts of a query
/// and tests of one value.
/// </summary>
internal sealed class GrowthBookCompiler
{
    private readonly HashSet<string> _attributes = new(StringComparer.Ordinal);
    private readonly HashSet<string> _groups = new(StringComparer.Ordinal);
    private int _depth;

    private delegate bool Test(in AttributeValue actual, in MatchScope scope);

    /// <exception cref="FormatException">The query is no object, or too deep.</exception>
    internal static GrowthBookQuery Compile(JsonElement query)
    {
        var compiler = new GrowthBookCompiler();
        var compiled = new GrowthBookQuery { Parts = compiler.Query(query, nested: false).Parts };
        compiled.Attributes.UnionWith(compiler._attributes);
        compiled.Groups.UnionWith(compiler._groups);
        return compiled;
    }

    private GrowthBookQuery Query(JsonElement query, bool nested)
    {
        if (query.ValueKind != JsonValueKind.Object)
            throw new FormatException("a growthBook condition that is no object");
        if (++_depth > 2 * Limits.ConditionDepth)
            throw new FormatException($"a growthBook condition deeper than {Limits.ConditionDepth}");
        var parts = new List<GrowthBookQuery.Part>();
        foreach (var member in query.EnumerateObject())
            parts.Add(Part(member.Name, member.Value, nested));
        _depth--;
        return new GrowthBookQuery { Parts = [.. parts] };
    }

    private GrowthBookQuery.Part Part(string name, JsonElement value, bool nested)
    {
        switch (name)
        {
            case "$or":
                return AnyOf(value, nested, expected: true);
            case "$nor":
                return AnyOf(value, nested, expected: false);
            case "$and":
                var all = Queries(value, nested);
                return (in scope) =>
                {
                    foreach (var query in all)
                    {
                        if (!query.Holds(scope))
                            return false;
                    }

                    return true;
                };
            case "$not":
                var inner = Query(value, nested);
                return (in scope) => !inner.Holds(scope);
            default:
                if (!nested)
                    _attributes.Add(name);
                var reference = new AttributeReference(name);
                var test = Value(value, ignoreCase: false);
                return (in scope) => test(scope.Find(reference), scope);
        }
    }

    private GrowthBookQuery.Part AnyOf(JsonElement value, bool nested, bool expected)
    {
        var any = Queries(value, nested);
        return (in scope) =>
        {
            // An empty "or" holds, as in the reference.
            if (any.Length == 0)
                return expected;
            foreach (var query in any)
            {
                if (query.Holds(scope))
                    return expected;
            }

            return !expected;
        };
    }

    private GrowthBookQuery[] Queries(JsonElement list, bool nested) => list.ValueKind == JsonValueKind.Array
        ? [.. list.EnumerateArray().Select(query => Query(query, nested))]
        : throw new FormatException("a growthBook condition whose $or, $nor or $and is no array");

    private Test Value(JsonElement condition, bool ignoreCase)
    {
        switch (condition.ValueKind)
        {
            case JsonValueKind.String:
                var text = condition.GetString()!;
                var comparison = ignoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
                return (in actual, in _) => string.Equals(JavaScript.ToText(OrNull(actual)), text, comparison);
            case JsonValueKind.Number:
                var number = condition.GetDouble();
                return (in actual, in _) => JavaScript.ToNumber(OrNull(actual)) == number;
            case JsonValueKind.True or JsonValueKind.False:
                var wanted = condition.ValueKind == JsonValueKind.True;
                return (in actual, in _) => !actual.IsMissingOrNull && JavaScript.IsTruthy(actual) == wanted;
            case JsonValueKind.Null:
                return (in actual, in _) => actual.IsMissingOrNull;
            case JsonValueKind.Object when IsOperatorObject(condition):
                return Each([.. condition.EnumerateObject().Select(member => Operator(member.Name, member.Value))]);
            default:
                var json = AttributeValue.From(condition);
                return (in actual, in _) => JavaScript.AreSameJson(actual, json);
        }
    }

    private static Test Each(Test[] tests) => (in actual, in scope) =>
    {
        foreach (var test in tests)
        {
            if (!test(actual, scope))
                return false;
        }

        return true;
    };

    private static bool IsOperatorObject(JsonElement condition) =>
        condition.GetPropertyCount() > 0 && condition.EnumerateObject().All(member => member.Name.StartsWith('$'));

    private Test Operator(string name, JsonElement expected) => name switch
    {
        "$eq" => Identical(expected, wanted: true),
        "$ne" => Identical(expected, wanted: false),
        "$lt" => Ordered(expected, Order.Less),
        "$lte" => Ordered(expected, Order.Less | Order.Equal),
        "$gt" => Ordered(expected, Order.Greater),
        "$gte" => Ordered(expected, Order.Greater | Order.Equal),
        "$veq" => Version(expected, Order.Equal),
        "$vne" => Version(expected, Order.Less | Order.Greater),
        "$vlt" => Version(expected, Order.Less),
        "$vlte" => Version(expected, Order.Less | Order.Equal),
        "$vgt" => Version(expected, Order.Greater),
        "$vgte" => Version(expected, Order.Greater | Order.Equal),
        "$exists" => Exists(JavaScript.IsTruthy(AttributeValue.From(expected))),
        "$in" => In(expected, ignoreCase: false, wanted: true),
        "$ini" => In(expected, ignoreCase: true, wanted: true),
        "$nin" => In(expected, ignoreCase: false, wanted: false),
        "$nini" => In(expected, ignoreCase: true, wanted: false),
        "$inGroup" => InGroup(expected, wanted: true),
        "$notInGroup" => InGroup(expected, wanted: false),
        "$not" => Not(Value(expected, ignoreCase: false)),
        "$size" => Size(Value(expected, ignoreCase: false)),
        "$elemMatch" => ElementMatches(expected),
        "$all" => All(expected, ignoreCase: false),
        "$alli" => All(expected, ignoreCase: true),
        "$regex" => Regex(expected, ignoreCase: false, wanted: true),
        "$regexi" => Regex(expected, ignoreCase: true, wanted: true),
        "$notRegex" => Regex(expected, ignoreCase: false, wanted: false),
        "$notRegexi" => Regex(expected, ignoreCase: true, wanted: false),
        "$type" => Type(expected),
        // The reference logs an unknown operator and does not match.
        _ => (in _, in _) => false,
    };

    private static AttributeValue OrNull(in AttributeValue value) =>
        value.Kind == AttributeKind.Missing ? AttributeValue.Null : value;

    private static Test Identical(JsonElement expected, bool wanted)
    {
        var value = AttributeValue.From(expected);
        return (in actual, in _) => JavaScript.AreIdentical(actual, value) == wanted;
    }

    private static Test Ordered(JsonElement expected, Order accepted)
    {
        var limit = AttributeValue.From(expected);
        return (in actual, in _) => JavaScript.Compare(OrNull(actual), limit) is { } order && accepted.Accepts(order);
    }

    private static Test Version(JsonElement expected, Order accepted)
    {
        var limit = GrowthBookVersion.Padded(AttributeValue.From(expected));
        return (in actual, in _) => accepted.Accepts(string.CompareOrdinal(GrowthBookVersion.Padded(actual), limit));
    }

    private static Test Exists(bool wanted) => (in actual, in _) => actual.IsMissingOrNull != wanted;

    private static Test Not(Test inner) => (in actual, in scope) => !inner(actual, scope);

    private static Test In(JsonElement expected, bool ignoreCase, bool wanted)
    {
        if (expected.ValueKind != JsonValueKind.Array)
            return (in _, in _) => false;
        var values = expected.EnumerateArray().Select(AttributeValue.From).ToArray();
        var comparer = ignoreCase ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;
        var texts = values.Where(value => value.Kind == AttributeKind.String).Select(value => value.Text).ToFrozenSet(comparer);
        var others = values.Where(value => value.Kind != AttributeKind.String).ToArray();
        return (in actual, in _) => AnyElement(actual, element => Contains(texts, others, element)) == wanted;
    }

    private static bool AnyElement(in AttributeValue actual, Predicate<AttributeValue> test) =>
        actual.Kind == AttributeKind.Array ? Array.Exists(actual.Elements, test) : test(actual);

    private static bool Contains(FrozenSet<string> texts, AttributeValue[] others, in AttributeValue value)
    {
        if (value.Kind == AttributeKind.String)
            return texts.Contains(value.Text);
        foreach (ref readonly var other in others.AsSpan())
        {
            if (JavaScript.AreIdentical(value, other))
                return true;
        }

        return false;
    }

    private Test InGroup(JsonElement expected, bool wanted)
    {
        var group = expected.ValueKind == JsonValueKind.String ? expected.GetString()! : "";
        _groups.Add(group);
        return (in actual, in scope) =>
            (scope.Snapshot.TryFindSegment(group, out var segment)
                && AnyElement(actual, element => element.Kind == AttributeKind.String && segment.Lists(element.Text))) == wanted;
    }

    private static Test Size(Test count) => (in actual, in scope) =>
        actual.Kind == AttributeKind.Array && count(AttributeValue.From((double)actual.Elements.Length), scope);

    private Test ElementMatches(JsonElement expected)
    {
        if (expected.ValueKind == JsonValueKind.Object && IsOperatorObject(expected))
        {
            var test = Value(expected, ignoreCase: false);
            return (in actual, in scope) =>
            {
                if (actual.Kind != AttributeKind.Array)
                    return false;
                foreach (var element in actual.Elements)
                {
                    if (JavaScript.IsTruthy(element) && test(element, scope))
                        return true;
                }

                return false;
            };
        }

        var query = Query(expected, nested: true);
        return (in actual, in scope) =>
        {
            if (actual.Kind != AttributeKind.Array)
                return false;
            foreach (var element in actual.Elements)
            {
                if (JavaScript.IsTruthy(element) && query.Holds(scope.In(in element)))
                    return true;
            }

            return false;
        };
    }

    private Test All(JsonElement expected, bool ignoreCase)
    {
        if (expected.ValueKind != JsonValueKind.Array)
            return (in _, in _) => false;
        Test[] wanted = [.. expected.EnumerateArray().Select(value => Value(value, ignoreCase))];
        return (in actual, in scope) =>
        {
            if (actual.Kind != AttributeKind.Array)
                return false;
            foreach (var test in wanted)
            {
                var passed = false;
                foreach (var element in actual.Elements)
                    passed = passed || test(element, scope);
                if (!passed)
                    return false;
            }

            return true;
        };
    }

    private static Test Regex(JsonElement expected, bool ignoreCase, bool wanted)
    {
        if (expected.ValueKind != JsonValueKind.String)
            return (in _, in _) => false;
        // The reference turns an invalid expression into "does not match", whichever way it is asked.
        if (!SafeRegex.TryCreate(expected.GetString()!, ignoreCase, out var regex, out var error))
            return error!.StartsWith("is no regular expression", StringComparison.Ordinal)
                ? (in _, in _) => false
                : throw new FormatException($"a growthBook condition whose regular expression {error}");
        return (in actual, in _) => regex.IsMatch(JavaScript.ToText(OrNull(actual))) == wanted;
    }

    private static Test Type(JsonElement expected)
    {
        var type = expected.ValueKind == JsonValueKind.String ? expected.GetString() : null;
        return (in actual, in _) => type == actual.Kind switch
        {
            AttributeKind.String => "string",
            AttributeKind.Number => "number",
            AttributeKind.Boolean => "boolean",
            AttributeKind.Array => "array",
            AttributeKind.Object => "object",
            _ => "null",
        };
    }
}

internal static class GrowthBookVersion
{
    /// <summary>
    /// A version as text that sorts by version (<c>paddedVersionString</c>): numbers padded to five places, a release
    /// marked to sort behind its pre-releases.
    /// </summary>
    internal static string Padded(in AttributeValue value)
    {
        var text = value.Kind is AttributeKind.String or AttributeKind.Number ? JavaScript.ToText(value) : "0";
        if (text.Length == 0)
            text = "0";
        if (text.StartsWith('v'))
            text = text[1..];
        var build = text.IndexOf('+', StringComparison.Ordinal);
        if (build >= 0)
            text = text[..build];
        var parts = text.Split('-', '.').ToList();
        if (parts.Count == 3)
            parts.Add("~");
        return string.Join('-', parts.Select(part => part.Length > 0 && part.All(char.IsAsciiDigit) ? part.PadLeft(5, ' ') : part));
    }
}
