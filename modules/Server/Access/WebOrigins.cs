namespace Delivery.Server.Access;

/// <summary>
/// The origins of web pages, such as <c>https://shop.example</c>, as a browser names them: scheme, host in lower case, and a
/// port that is not the scheme's own. <c>*</c> is any. A client key is public by nature, so an origin is what lets a page
/// call, not what protects the server.
/// </summary>
internal static class WebOrigins
{
    public const string Any = "*";

    /// <summary>The most one key may name.</summary>
    public const int Most = 50;

    public const string Accepted = "origins such as 'https://shop.example' or 'http://localhost:3000' (no path), or '*' for any";

    private const int Longest = 300;

    /// <summary>An origin as browsers write it; null if it is none.</summary>
    public static string? Normal(string? origin)
    {
        if (origin == Any)
            return Any;
        if (origin is null || origin.Length > Longest || !Uri.TryCreate(origin, UriKind.Absolute, out var uri))
            return null;
        var isWeb = uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps;
        return isWeb && uri is { PathAndQuery: "/", Fragment: "", UserInfo: "" } ? uri.GetLeftPart(UriPartial.Authority) : null;
    }

    /// <summary>Valid origins, each once.</summary>
    public static IReadOnlyList<string> Normal(IEnumerable<string> origins) =>
        [.. origins.Select(Normal).OfType<string>().Distinct(StringComparer.Ordinal)];

    /// <summary>Whether a list lets a page of this origin call.</summary>
    public static bool Allow(IEnumerable<string> allowed, string origin) =>
        allowed.Any(one => one == Any || string.Equals(one, origin, StringComparison.OrdinalIgnoreCase));
}
