using System.Globalization;

namespace Delivery.Evaluation;

/// <summary>Where a split, filter, layer or holdout takes its unit from.</summary>
internal sealed class UnitReference
{
    /// <summary>Characters a number or a random seed needs as a unit.</summary>
    internal const int ScratchLength = 32;

    private readonly AttributeReference[] _attributes;
    private readonly bool _random;

    internal UnitReference(string attribute, IReadOnlyList<string> fallbacks, bool random)
    {
        _attributes = [new AttributeReference(attribute), .. fallbacks.Select(name => new AttributeReference(name))];
        _random = random;
    }

    internal UnitReference(string attribute)
        : this(attribute, [], random: false)
    {
    }

    internal string Name => _attributes[0].Name;

    internal IEnumerable<string> Names => _attributes.Select(attribute => attribute.Name);

    /// <summary>Finds the unit without allocating.</summary>
    /// <param name="context">The context.</param>
    /// <param name="scratch">Room of <see cref="ScratchLength"/> for units that are not text.</param>
    /// <param name="unit">The unit; never empty when found.</param>
    /// <returns>False if no attribute names a unit.</returns>
    internal bool TryFind(EvaluationContext context, Span<char> scratch, out ReadOnlySpan<char> unit)
    {
        if (_attributes[0].IsTargetingKey && context.TargetingKey is { } targetingKey)
        {
            unit = targetingKey;
            return true;
        }

        foreach (var attribute in _attributes)
        {
            if (TryText(attribute.Find(context), scratch, out unit))
                return true;
        }

        if (_random && context.RandomSeed != 0)
        {
            context.RandomSeed.TryFormat(scratch, out var written, provider: CultureInfo.InvariantCulture);
            unit = scratch[..written];
            return true;
        }

        unit = default;
        return false;
    }

    private static bool TryText(AttributeValue value, Span<char> scratch, out ReadOnlySpan<char> unit)
    {
        switch (value.Kind)
        {
            case AttributeKind.String:
                unit = value.Text;
                return unit.Length > 0;
            case AttributeKind.Number when value.ExactDigits is { } digits:
                unit = digits;
                return true;
            case AttributeKind.Number:
                unit = scratch[..WriteNumber(value.Number, scratch)];
                return true;
            case AttributeKind.Boolean:
                unit = value.Boolean ? "true" : "false";
                return true;
            default:
                unit = default;
                return false;
        }
    }

    /// <summary>Writes integers without an exponent, as JavaScript does, so that imported units hash alike.</summary>
    private static int WriteNumber(double number, Span<char> scratch)
    {
        int written;
        if (Math.Abs(number) < 1e18 && Math.Truncate(number) == number)
            ((long)number).TryFormat(scratch, out written, provider: CultureInfo.InvariantCulture);
        else
            number.TryFormat(scratch, out written, provider: CultureInfo.InvariantCulture);
        return written;
    }
}
