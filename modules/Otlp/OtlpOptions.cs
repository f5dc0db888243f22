using System.ComponentModel.DataAnnotations;

namespace Delivery.Otlp;

/// <summary>The OpenTelemetry intake's settings. Section <c>Otlp</c>.</summary>
public sealed class OtlpOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Otlp";

    /// <summary>
    /// What the bodies being taken may hold together, inflated, in bytes; more is answered with 429. Decoded they take some three to
    /// five times as much. 1 MiB to 1 GiB; the default is 32 MiB.
    /// </summary>
    [Range(1L << 20, 1L << 30)]
    public long BodyBytes { get; set; } = 32L << 20;
}
