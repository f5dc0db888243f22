using System.Globalization;
using System.Text;

namespace Delivery.Evaluation;

/// <summary>JavaScript's conversions and comparisons (ECMA-262, section 7.1 and 7.2), which imported expressions rely on.</summary>
internal static class JavaScript
{
    internal static double ToNumber(in AttributeValue value) => value.Kind switch
    {
        AttributeKind.Number => value.Number,
        AttributeKind.Boolean => value.Boolean ? 1 : 0,
        AttributeKind.Null => 0,
        AttributeKind.String => ToNumber(value.Text),
        AttributeKind.Array => ToNumber(ToText(value)),
        _ => double.NaN,
    };

    internal static string ToText(in AttributeValue value)
    {
        switch (value.Kind)
        {
            case AttributeKind.String:
                return value.Text;
            case AttributeKind.Number:
                return ToText(value.Number);
            case AttributeKind.Boolean:
                return value.Boolean ? "true" : "false";
            case AttributeKind.Array:
                return string.Join(',', value.Elements.Select(element => element.IsMissingOrNull ? "" : ToText(element)));
            case AttributeKind.Object:
                return "[object Object]";
            default:
                return value.Kind == AttributeKind.Null ? "null" : "undefined";
        }
    }

    internal static bool IsTruthy(in AttributeValue value) => value.Kind switch
    {
        AttributeKind.Boolean => value.Boolean,
        AttributeKind.Number => value.Number != 0 && !double.IsNaN(value.Number),
        AttributeKind.String => value.Text.Length > 0,
        AttributeKind.Array or AttributeKind.Object => true,
        _ => false,
    };

    /// <summary><c>===</c>; arrays and objects are never identical to others.</summary>
    internal static bool AreIdentical(in AttributeValue left, in AttributeValue right)
    {
        if (left.IsMissingOrNull && right.IsMissingOrNull)
            return true;
        return left.Kind == right.Kind && left.Kind switch
        {
            AttributeKind.String => left.Text == right.Text,
            AttributeKind.Number => left.Number == right.Number,
            AttributeKind.Boolean => left.Boolean == right.Boolean,
            _ => false,
        };
    }

    /// <summary>Relational order: texts (lists and objects are, too) by code unit, everything else by number; null where they can't be ordered.</summary>
    internal static int? Compare(in AttributeValue left, in AttributeValue right)
    {
        if (left.Kind >= AttributeKind.String && right.Kind >= AttributeKind.String)
            return string.CompareOrdinal(ToText(left), ToText(right));
        var leftNumber = ToNumber(left);
        var rightNumber = ToNumber(right);
        return double.IsNaN(leftNumber) || double.IsNaN(rightNumber) ? null : leftNumber.CompareTo(rightNumber);
    }

    /// <summary>The same JSON text: members in the same order, too.</summary>
    internal static bool AreSameJson(in AttributeValue left, in AttributeValue right)
    {
        if (left.Kind != right.Kind)
            return left.IsMissingOrNull && right.IsMissingOrNull;
        switch (left.Kind)
        {
            case AttributeKind.Array:
                return AreSameJson(left.Elements, right.Elements);
            case AttributeKind.Object:
                return left.Members.Names.SequenceEqual(right.Members.Names) && AreSameJson(left.Members.Values, right.Members.Values);
            default:
                return AreIdentical(left, right);
        }
    }

    private static bool AreSameJson(ReadOnlySpan<AttributeValue> left, ReadOnlySpan<AttributeValue> right)
    {
        if (left.Length != right.Length)
            return false;
        for (var i = 0; i < left.Length; i++)
        {
            if (!AreSameJson(left[i], right[i]))
                return false;
        }

        return true;
    }

    private static double ToNumber(string text)
    {
        var trimmed = text.AsSpan().Trim();
        if (trimmed.Length == 0)
            return 0;
        if (trimmed.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
            return ulong.TryParse(trimmed[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hex) ? hex : double.NaN;
        // .NET reads "infinity" and the like in any case; JavaScript reads "Infinity" only.
        if (trimmed.ContainsAny('n', 'N'))
            return trimmed is "Infinity" or "+Infinity" ? double.PositiveInfinity : trimmed is "-Infinity" ? double.NegativeInfinity : double.NaN;
        return double.TryParse(trimmed, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number)
            ? number
            : double.NaN;
    }

    // Number::toString: plain digits from 1e-6 up to 1e21, otherwise an exponent as in 1e+21.
    private static string ToText(double number)
    {
        if (double.IsNaN(number))
            return "NaN";
        if (double.IsInfinity(number))
            return number > 0 ? "Infinity" : "-Infinity";
        if (number == 0)
            return "0";
        var magnitude = Math.Abs(number);
        var shortest = number.ToString("R", CultureInfo.InvariantCulture);
        if (magnitude is < 1e-6 or >= 1e21)
            return Exponent(shortest);
        return decimal.Parse(shortest, NumberStyles.Float, CultureInfo.InvariantCulture)
            .ToString("0.#############################", CultureInfo.InvariantCulture);
    }

    private static string Exponent(string text)
    {
        var at = text.IndexOf('E', StringComparison.Ordinal);
        var digits = new StringBuilder(text[..at]);
        var exponent = int.Parse(text.AsSpan(at + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        return digits.Append('e').Append(exponent < 0 ? '-' : '+').Append(Math.Abs(exponent)).ToString();
    }
}
