using System.Globalization;

namespace Delivery.Evaluation;

/// <summary>An IPv4 or IPv6 network. IPv4 is compared as IPv4-mapped IPv6, so both forms of an address match.</summary>
internal readonly record struct NetworkRange(UInt128 First, UInt128 Last)
{
    private const int MappedPrefixBits = 96;

    internal static bool TryParse(string text, out NetworkRange network)
    {
        network = default;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var addressText = slash < 0 ? text : text[..slash];
        if (!TryParseAddress(addressText, out var address))
            return false;
        var offset = addressText.Contains(':', StringComparison.Ordinal) ? 0 : MappedPrefixBits;
        var bits = 128 - offset;
        if (slash >= 0 && (!int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out bits)
            || bits > 128 - offset))
            return false;
        bits += offset;
        var hosts = bits == 0 ? UInt128.MaxValue : (UInt128.One << (128 - bits)) - 1;
        network = new NetworkRange(address & ~hosts, address | hosts);
        return true;
    }

    internal static bool TryParseAddress(ReadOnlySpan<char> text, out UInt128 address)
    {
        if (!text.Contains(':'))
        {
            address = ((UInt128)0xFFFF << 32) | ParseIPv4(text, out var valid);
            return valid;
        }

        address = 0;
        // A scope ("%eth0") names a link, not an address.
        var scope = text.IndexOf('%');
        return TryParseIPv6(scope < 0 ? text : text[..scope], out address);
    }

    internal bool Contains(UInt128 address) => address >= First && address <= Last;

    private static uint ParseIPv4(ReadOnlySpan<char> text, out bool valid)
    {
        var address = 0u;
        var octets = 0;
        valid = false;
        foreach (var part in text.Split('.'))
        {
            if (++octets > 4 || text[part].Length > 3
                || !byte.TryParse(text[part], NumberStyles.None, CultureInfo.InvariantCulture, out var octet))
                return 0;
            address = (address << 8) | octet;
        }

        valid = octets == 4;
        return address;
    }

    private static bool TryParseIPv6(ReadOnlySpan<char> text, out UInt128 address)
    {
        address = 0;
        var gap = text.IndexOf("::");
        if (gap < 0)
            return TryParseGroups(text, out address, out var all) && all == 8;
        var after = text[(gap + 2)..];
        if (after.Contains("::", StringComparison.Ordinal)
            || !TryParseGroups(text[..gap], out var high, out var highGroups)
            || !TryParseGroups(after, out var low, out var lowGroups)
            || highGroups + lowGroups > 7)
            return false;
        address = (highGroups == 0 ? 0 : high << (16 * (8 - highGroups))) | low;
        return true;
    }

    private static bool TryParseGroups(ReadOnlySpan<char> text, out UInt128 value, out int groups)
    {
        value = 0;
        groups = 0;
        if (text.Length == 0)
            return true;
        while (true)
        {
            var colon = text.IndexOf(':');
            var group = colon < 0 ? text : text[..colon];
            if (colon < 0 && group.Contains('.'))
            {
                value = (value << 32) | ParseIPv4(group, out var valid);
                groups += 2;
                return valid && groups <= 8;
            }

            if (group.Length > 4 || !ushort.TryParse(group, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var bits)
                || ++groups > 8)
                return false;
            value = (value << 16) | bits;
            if (colon < 0)
                return true;
            text = text[(colon + 1)..];
        }
    }
}
