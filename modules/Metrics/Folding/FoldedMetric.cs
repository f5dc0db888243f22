using System.Text.Json;
using Delivery.Contracts.Http;
using Delivery.Contracts.Metrics;
using Delivery.Statistics;

namespace Delivery.Metrics.Folding;

/// <summary>A metric in the terms of the fold: the columns of a unit's row that make up its value; -1 for none.</summary>
/// <param name="CapMicroUnits">The largest value of a unit that counts.</param>
/// <param name="Quantile">Of a quantile, which.</param>
/// <param name="MPost">The column of the outcome after exposure.</param>
/// <param name="DPost">The column of the denominator after exposure.</param>
/// <param name="MPre">The column of the outcome before exposure.</param>
/// <param name="DPre">The column of the denominator before exposure.</param>
/// <param name="History">
/// The column that counts the events before exposure: the covariate beside the outcome's is whether there are any, so that units
/// without history don't blur it (Deng et al., WSDM 2013). Of a ratio and a quantile, -1.
/// </param>
/// <param name="Values">Of a quantile, the column that leads to the unit's values.</param>
internal readonly record struct FoldedMetric(long CapMicroUnits, double Quantile, int MPost, int DPost, int MPre, int DPre, int History, int Values)
{
    /// <summary>
    /// ±1e9: the square is 1e30, and 1.7e8 units of it still fit an Int128. A unit beyond it is counted as the bound, and told.
    /// </summary>
    public const long Bound = 1_000_000_000L * FixedPoint.Scale;

    /// <summary>What tells two metrics apart as far as numbers go: not their names, owners or directions.</summary>
    public static string TextOf(MetricDefinition definition) => JsonSerializer.Serialize(
        new { definition.Kind, definition.Measure, definition.Per, definition.Quantile, definition.WindowSeconds, definition.Cap }, Json.Options);

    /// <summary>The component of <see cref="History"/>, which moves the fourth of <see cref="Statistics.UnitValues"/>.</summary>
    public const int HistoryComponent = 4;

    /// <summary>Whether the outcome before exposure is itself a count of its events.</summary>
    public bool CountsOwnHistory => History >= 0 && History == MPre;

    /// <summary>The column of a component: 0 outcome, 1 denominator, 2 and 3 the same before exposure, 4 history.</summary>
    public int ColumnOf(int component) => component switch { 0 => MPost, 1 => DPost, 2 => MPre, 3 => DPre, _ => History };

    /// <summary>A component's value from its sum within the bound.</summary>
    public long Shape(int component, long bounded) => component switch
    {
        0 or 2 => Math.Min(bounded, CapMicroUnits),
        HistoryComponent => Indicator(bounded),
        _ => bounded,
    };

    /// <summary>One where there are events.</summary>
    public static long Indicator(long events) => Math.Min(events, FixedPoint.Scale);
}
