using System.Globalization;
using System.Text;

namespace Delivery.Cli;

/// <summary>Builds addresses of the API, each part escaped.</summary>
internal static class Address
{
    /// <summary>A path below <c>/api/v1</c>.</summary>
    public static string Of(params ReadOnlySpan<string> parts)
    {
        var path = new StringBuilder("api/v1");
        foreach (var part in parts)
            path.Append('/').Append(Uri.EscapeDataString(part));
        return path.ToString();
    }

    /// <summary>Adds a query; members without a value are left out.</summary>
    public static string With(this string path, params ReadOnlySpan<(string Name, object? Value)> query)
    {
        var separator = '?';
        var address = new StringBuilder(path);
        foreach (var (name, value) in query)
        {
            if (Text(value) is not { } text)
                continue;
            address.Append(separator).Append(name).Append('=').Append(Uri.EscapeDataString(text));
            separator = '&';
        }

        return address.ToString();
    }

    private static string? Text(object? value) => value switch
    {
        null => null,
        bool flag => flag ? "true" : "false",
        DateTimeOffset time => time.ToString("O", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture),
    };
}
