using System.ComponentModel.DataAnnotations;

namespace Delivery.Targeting.Ofrep;

/// <summary>How OFREP is served: the section <c>Delivery:Ofrep</c>.</summary>
internal sealed class OfrepOptions
{
    public const string Section = "Delivery:Ofrep";

    /// <summary>
    /// The web origins whose pages may call OFREP, such as <c>https://shop.example</c>; <c>*</c> is any. Default: none. A
    /// client key is public by nature, so an origin is a convenience, not a protection.
    /// </summary>
    public IList<string> AllowedOrigins { get; } = [];

    /// <summary>How long an event stream's address may be used to connect, in seconds; 10 to 3,600, default 300.</summary>
    [Range(10, 3_600)]
    public int StreamTokenSeconds { get; init; } = 300;

    /// <summary>The server's address as clients reach it, for the event stream's address; default: as the request came in.</summary>
    public Uri? PublicUrl { get; init; }
}
