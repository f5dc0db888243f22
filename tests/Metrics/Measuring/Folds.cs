using System.Text.Json;
using Delivery.Contracts.Exposures;
using Delivery.Contracts.Http;
using Delivery.Contracts.Metrics;
using Delivery.Metrics.Events;
using Delivery.Metrics.Folding;
using Delivery.Metrics.Health;

namespace Delivery.Metrics.Tests.Measuring;

/// <summary>What tests do with folds of one flag.</summary>
internal static class Folds
{
    public static MetricToMeasure Metric(
        string key, MetricKind kind, MeasuredEvents measure, MeasuredEvents? per = null, long? windowSeconds = null, decimal? cap = null, double? quantile = null) =>
        new(key, new MetricDefinition(key, key, kind, measure, per, quantile, windowSeconds, cap));

    public static MomentFold Of(long fromVersion, params MetricToMeasure[] metrics) =>
        new("production", [new FollowedFlag("checkout", fromVersion, metrics)], new FoldLimits());

    public static MomentFold With(this MomentFold fold, IEnumerable<object> rows)
    {
        foreach (var row in rows)
        {
            if (row is RecordedExposure exposure)
                fold.Apply(exposure);
            else
                fold.Apply((MetricEvent)row);
        }

        return fold;
    }

    /// <summary>As after a restart from a snapshot.</summary>
    public static MomentFold Restored(this MomentFold fold)
    {
        var writer = new SnapshotWriter();
        fold.Write(writer);
        return MomentFold.Read(new SnapshotReader(writer.Parts()), new FoldLimits()).ShouldNotBeNull();
    }

    public static IReadOnlyList<MomentCell> Read(this MomentFold fold) =>
        fold.Read("checkout", fold.Followed[0].FromVersion, fold.Followed[0].Metrics);

    public static string Text(IReadOnlyList<MomentCell> cells) =>
        string.Join('\n', cells.Select(cell => $"{cell with { Quantile = null }} {cell.Quantile?.AtMost} {JsonSerializer.Serialize(cell.Quantile?.Values, Json.Options)}"));
}
