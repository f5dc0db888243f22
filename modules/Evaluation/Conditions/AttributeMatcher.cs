namespace Delivery.Evaluation;

/// <summary>One attribute asked one question. Missing and null never match.</summary>
internal abstract class AttributeMatcher(AttributeReference reference, string question) : Matcher
{
    private protected AttributeReference Reference => reference;

    internal override bool Matches(in MatchScope scope)
    {
        if (scope.HasElement)
            return MatchesElement(scope);
        ref readonly var value = ref reference.Find(scope.Context);
        return !value.IsMissingOrNull && Holds(value, scope);
    }

    internal sealed override ConditionTrace Explain(in MatchScope scope) => new(question, Matches(scope))
    {
        Attribute = reference.Name,
        Actual = scope.Find(reference).ToString(),
    };

    private bool MatchesElement(in MatchScope scope)
    {
        var value = reference.Find(scope.Element);
        return !value.IsMissingOrNull && Holds(value, scope);
    }

    private protected abstract bool Holds(in AttributeValue value, in MatchScope scope);
}

internal sealed class ExistsMatcher(AttributeReference reference, string question) : AttributeMatcher(reference, question)
{
    private protected override bool Holds(in AttributeValue value, in MatchScope scope) => true;
}

/// <summary>Equal to one of few values, of any scalar type.</summary>
internal sealed class EqualsMatcher(AttributeReference reference, string question, AttributeValue[] values, StringComparison comparison)
    : AttributeMatcher(reference, question)
{
    private protected override bool Holds(in AttributeValue value, in MatchScope scope)
    {
        foreach (ref readonly var candidate in values.AsSpan())
        {
            if (ValueComparison.AreEqual(value, candidate, comparison))
                return true;
        }

        return false;
    }
}

/// <summary>Equal to one of few texts: the most usual question, without a step between.</summary>
internal sealed class TextEqualsMatcher(AttributeReference reference, string question, string[] texts) : AttributeMatcher(reference, question)
{
    internal override bool Matches(in MatchScope scope)
    {
        if (scope.HasElement)
            return base.Matches(scope);
        ref readonly var value = ref Reference.Find(scope.Context);
        return value.Kind == AttributeKind.String && IsOneOf(value.Text);
    }

    private protected override bool Holds(in AttributeValue value, in MatchScope scope) =>
        value.Kind == AttributeKind.String && IsOneOf(value.Text);

    private bool IsOneOf(string actual)
    {
        foreach (var text in texts)
        {
            if (string.Equals(actual, text))
                return true;
        }

        return false;
    }
}

/// <summary>Equal to one of many texts.</summary>
internal sealed class TextSetMatcher(AttributeReference reference, string question, System.Collections.Frozen.FrozenSet<string> texts)
    : AttributeMatcher(reference, question)
{
    private protected override bool Holds(in AttributeValue value, in MatchScope scope) =>
        value.Kind == AttributeKind.String && texts.Contains(value.Text);
}

internal enum TextPart
{
    Anywhere,
    Start,
    End,
}

internal sealed class TextPartMatcher(
    AttributeReference reference, string question, string[] texts, TextPart part, StringComparison comparison)
    : AttributeMatcher(reference, question)
{
    private protected override bool Holds(in AttributeValue value, in MatchScope scope)
    {
        if (value.Kind != AttributeKind.String)
            return false;
        foreach (var text in texts)
        {
            var holds = part switch
            {
                TextPart.Start => value.Text.StartsWith(text, comparison),
                TextPart.End => value.Text.EndsWith(text, comparison),
                _ => value.Text.Contains(text, comparison),
            };
            if (holds)
                return true;
        }

        return false;
    }
}

internal sealed class RegexMatcher(AttributeReference reference, string question, SafeRegex regex) : AttributeMatcher(reference, question)
{
    private protected override bool Holds(in AttributeValue value, in MatchScope scope) =>
        value.Kind == AttributeKind.String && regex.IsMatch(value.Text);
}

/// <summary>The outcomes of a comparison that an ordering operator accepts.</summary>
[Flags]
internal enum Order
{
    Less = 1,
    Equal = 2,
    Greater = 4,
}

internal static class Orders
{
    internal static bool Accepts(this Order accepted, int comparison) =>
        (accepted & (comparison < 0 ? Order.Less : comparison > 0 ? Order.Greater : Order.Equal)) != 0;
}

internal sealed class NumberMatcher(AttributeReference reference, string question, double limit, Order accepted)
    : AttributeMatcher(reference, question)
{
    private protected override bool Holds(in AttributeValue value, in MatchScope scope) =>
        value.Kind == AttributeKind.Number && !double.IsNaN(value.Number) && accepted.Accepts(value.Number.CompareTo(limit));
}

internal sealed class MomentMatcher(AttributeReference reference, string question, DateTimeOffset limit, Order accepted)
    : AttributeMatcher(reference, question)
{
    private protected override bool Holds(in AttributeValue value, in MatchScope scope) =>
        Moments.TryRead(value, out var moment) && accepted.Accepts(moment.CompareTo(limit));
}

internal sealed class SemanticVersionMatcher(AttributeReference reference, string question, string limit, Order accepted)
    : AttributeMatcher(reference, question)
{
    private protected override bool Holds(in AttributeValue value, in MatchScope scope) =>
        value.Kind == AttributeKind.String
        && SemanticVersion.TryCompare(value.Text, limit, out var comparison)
        && accepted.Accepts(comparison);
}

internal sealed class NetworkMatcher(AttributeReference reference, string question, NetworkRange[] networks)
    : AttributeMatcher(reference, question)
{
    private protected override bool Holds(in AttributeValue value, in MatchScope scope)
    {
        if (value.Kind != AttributeKind.String || !NetworkRange.TryParseAddress(value.Text, out var address))
            return false;
        foreach (ref readonly var network in networks.AsSpan())
        {
            if (network.Contains(address))
                return true;
        }

        return false;
    }
}

internal sealed class ArrayContainsMatcher(
    AttributeReference reference, string question, AttributeValue[] values, bool all, StringComparison comparison)
    : AttributeMatcher(reference, question)
{
    /// <summary>The values, where all are texts compared as they are.</summary>
    private readonly string[]? _texts =
        comparison == StringComparison.Ordinal && Array.TrueForAll(values, value => value.Kind == AttributeKind.String)
            ? [.. values.Select(value => value.Text)]
            : null;

    private protected override bool Holds(in AttributeValue value, in MatchScope scope)
    {
        if (value.Kind != AttributeKind.Array)
            return false;
        return _texts is null ? HoldsAnyKind(value) : HoldsTexts(value.Elements, _texts);
    }

    private bool HoldsTexts(AttributeValue[] elements, string[] texts)
    {
        foreach (var wanted in texts)
        {
            if (Contains(elements, wanted) != all)
                return !all;
        }

        return all;
    }

    private static bool Contains(AttributeValue[] elements, string wanted)
    {
        foreach (ref readonly var element in elements.AsSpan())
        {
            if (element.Kind == AttributeKind.String && string.Equals(element.Text, wanted))
                return true;
        }

        return false;
    }

    private bool HoldsAnyKind(in AttributeValue value)
    {
        foreach (ref readonly var wanted in values.AsSpan())
        {
            if (Contains(value.Elements, wanted) != all)
                return !all;
        }

        return all;
    }

    private bool Contains(AttributeValue[] elements, in AttributeValue wanted)
    {
        foreach (ref readonly var element in elements.AsSpan())
        {
            if (ValueComparison.AreEqual(element, wanted, comparison))
                return true;
        }

        return false;
    }
}

internal sealed class ArraySizeMatcher(AttributeReference reference, string question, double size, Order accepted)
    : AttributeMatcher(reference, question)
{
    private protected override bool Holds(in AttributeValue value, in MatchScope scope) =>
        value.Kind == AttributeKind.Array && accepted.Accepts(((double)value.Elements.Length).CompareTo(size));
}

internal sealed class ElementMatcher(AttributeReference reference, string question, Matcher inner) : AttributeMatcher(reference, question)
{
    private protected override bool Holds(in AttributeValue value, in MatchScope scope)
    {
        if (value.Kind != AttributeKind.Array)
            return false;
        foreach (ref readonly var element in value.Elements.AsSpan())
        {
            if (inner.Matches(scope.In(in element)))
                return true;
        }

        return false;
    }
}
