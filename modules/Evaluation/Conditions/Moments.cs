using System.Globalization;

namespace Delivery.Evaluation;

/// <summary>Reads moments: ISO 8601 text (UTC where no offset is named) or Unix milliseconds.</summary>
internal static class Moments
{
    private static readonly double LatestUnixMilliseconds = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();
    private static readonly double EarliestUnixMilliseconds = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();

    internal static bool TryRead(in AttributeValue value, out DateTimeOffset moment)
    {
        if (value.Kind == AttributeKind.Number && value.Number >= EarliestUnixMilliseconds && value.Number <= LatestUnixMilliseconds)
        {
            moment = DateTimeOffset.FromUnixTimeMilliseconds((long)value.Number);
            return true;
        }

        moment = default;
        return value.Kind == AttributeKind.String && DateTimeOffset.TryParse(
            value.Text,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out moment);
    }
}
