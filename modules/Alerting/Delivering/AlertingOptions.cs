using System.ComponentModel.DataAnnotations;

namespace Delivery.Alerting.Delivering;

/// <summary>How alerts are delivered; section <c>Alerting</c>.</summary>
internal sealed class AlertingOptions
{
    /// <summary>
    /// The waits before attempts 2, 3, ..., in seconds, each from 0 to 86,400. After the last, the delivery is a dead letter.
    /// Default (when left out): 1, 5, 30, 120, 600, 1,800: about 42 minutes in all.
    /// </summary>
    [MaxLength(20)]
    public double[] RetryWaitSeconds { get; set; } = [];

    /// <summary>
    /// The key of the team that is told of what has no owner: the platform's own troubles, and flags, metrics and routes that nobody
    /// owns. Default: none; such alerts are shown and delivered to nobody.
    /// </summary>
    [MaxLength(200)]
    public string? OperatorsTeam { get; set; }

    internal static double[] DefaultWaits { get; } = [1, 5, 30, 120, 600, 1_800];
}
