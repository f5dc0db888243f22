namespace Delivery.Evaluation;

/// <summary>
/// Compares versions by semver.org 2.0.0, section 11, without allocating. A leading <c>v</c> and missing minor or patch
/// numbers are accepted; build metadata is ignored.
/// </summary>
internal static class SemanticVersion
{
    internal static bool IsValid(ReadOnlySpan<char> text) => TrySplit(text, out _, out _);

    internal static bool TryCompare(ReadOnlySpan<char> left, ReadOnlySpan<char> right, out int comparison)
    {
        comparison = 0;
        if (!TrySplit(left, out var leftCore, out var leftTail) || !TrySplit(right, out var rightCore, out var rightTail))
            return false;
        comparison = CompareCores(leftCore, rightCore);
        if (comparison == 0)
            comparison = CompareTails(leftTail, rightTail);
        return true;
    }

    /// <summary>Whether two valid versions agree in major (1) or in major and minor (2).</summary>
    internal static bool ShareLeadingNumbers(ReadOnlySpan<char> left, ReadOnlySpan<char> right, int count)
    {
        if (!TrySplit(left, out left, out _) || !TrySplit(right, out right, out _))
            return false;
        for (var i = 0; i < count; i++)
        {
            if (NextNumber(ref left) != NextNumber(ref right))
                return false;
        }

        return true;
    }

    private static bool TrySplit(ReadOnlySpan<char> text, out ReadOnlySpan<char> core, out ReadOnlySpan<char> tail)
    {
        if (text.Length > 0 && text[0] is 'v' or 'V')
            text = text[1..];
        var build = text.IndexOf('+');
        if (build >= 0)
            text = text[..build];
        var dash = text.IndexOf('-');
        core = dash < 0 ? text : text[..dash];
        tail = dash < 0 ? default : text[(dash + 1)..];
        return IsCore(core) && (dash < 0 || tail.Length > 0);
    }

    private static bool IsCore(ReadOnlySpan<char> core)
    {
        for (var numbers = 1; ; numbers++)
        {
            var last = !core.Contains('.');
            var number = NextPart(ref core);
            if (numbers > 3 || number.Length is 0 or > 18 || !AreDigits(number))
                return false;
            if (last)
                return true;
        }
    }

    private static int CompareCores(ReadOnlySpan<char> left, ReadOnlySpan<char> right)
    {
        for (var i = 0; i < 3; i++)
        {
            var comparison = NextNumber(ref left).CompareTo(NextNumber(ref right));
            if (comparison != 0)
                return comparison;
        }

        return 0;
    }

    private static long NextNumber(ref ReadOnlySpan<char> core)
    {
        var part = NextPart(ref core);
        var number = 0L;
        foreach (var digit in part)
            number = (number * 10) + (digit - '0');
        return number;
    }

    private static ReadOnlySpan<char> NextPart(ref ReadOnlySpan<char> text)
    {
        var dot = text.IndexOf('.');
        var part = dot < 0 ? text : text[..dot];
        text = dot < 0 ? default : text[(dot + 1)..];
        return part;
    }

    private static int CompareTails(ReadOnlySpan<char> left, ReadOnlySpan<char> right)
    {
        // A release is above its pre-releases.
        if (left.Length == 0 || right.Length == 0)
            return right.Length.CompareTo(left.Length);
        while (left.Length > 0 && right.Length > 0)
        {
            var comparison = CompareIdentifiers(NextPart(ref left), NextPart(ref right));
            if (comparison != 0)
                return comparison;
        }

        return left.Length.CompareTo(right.Length);
    }

    private static int CompareIdentifiers(ReadOnlySpan<char> left, ReadOnlySpan<char> right)
    {
        var leftIsNumber = left.Length > 0 && AreDigits(left);
        var rightIsNumber = right.Length > 0 && AreDigits(right);
        if (!leftIsNumber || !rightIsNumber)
            return leftIsNumber == rightIsNumber ? left.SequenceCompareTo(right) : leftIsNumber ? -1 : 1;
        left = left.TrimStart('0');
        right = right.TrimStart('0');
        return left.Length != right.Length ? left.Length.CompareTo(right.Length) : left.SequenceCompareTo(right);
    }

    private static bool AreDigits(ReadOnlySpan<char> text)
    {
        foreach (var character in text)
        {
            if (!char.IsAsciiDigit(character))
                return false;
        }

        return true;
    }
}
