using System.Text;
using Delivery.Contracts.Exposures;
using Delivery.Evaluation;

namespace Delivery.Exposures.Intake.Served;

/// <summary>One evaluation of a unit, with the id it keeps however often its batch is tried.</summary>
internal readonly record struct ServedRow(Guid Id, ServedEvaluation Evaluation, string Unit, string? UnitKind)
{
    /// <summary>Null where there is nobody to record, or no variant to record.</summary>
    public static ServedRow? Of(in ServedEvaluation evaluation, ServedIds ids)
    {
        if (evaluation.Result.VariantKey is null)
            return null;
        var (unit, unitKind) = ExposedContext.UnitOf(evaluation.Snapshot, evaluation.Flag, evaluation.Context);
        return string.IsNullOrEmpty(unit) || unit.Contains('\0', StringComparison.Ordinal) || Encoding.UTF8.GetByteCount(unit) > ExposureRow.LongestUnit
            ? null
            : new ServedRow(ids.Next(evaluation.Time), evaluation, unit, unitKind);
    }
}
