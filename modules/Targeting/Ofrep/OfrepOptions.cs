using System.ComponentModel.DataAnnotations;

namespace Delivery.Targeting.Ofrep;

/// <summary>How OFREP is served: the section <c>Delivery:Ofrep</c>.</summary>
internal sealed class OfrepOptions
{
    public const string Section = "Delivery:Ofrep";

    /// <summary>How long an event stream's address may be used to connect, in seconds, at least; at most twice as long; 10 to 3,600, default 300.</summary>
    [Range(10, 3_600)]
    public int StreamTokenSeconds { get; init; } = 300;

    /// <summary>How many evaluations a client key may ask for in a second, all its users together; 0 to 1,000,000, default 0: any number.</summary>
    [Range(0, 1_000_000)]
    public int RequestsPerSecondPerClientKey { get; init; }

    /// <summary>The server's address as clients reach it, for the event stream's address; default: as the request came in.</summary>
    public Uri? PublicUrl { get; init; }
}
