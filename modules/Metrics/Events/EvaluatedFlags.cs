using System.Collections.Concurrent;
using System.IO.Hashing;
using System.Text.Json;

namespace Delivery.Metrics.Events;

/// <summary>
/// The column <c>flags</c>: <c>{"new-checkout":{"variant":"on","version":7}}</c>, written in one way. Requests carry few
/// different sets, so what was read once is kept; a replay reads most rows' flags by a hash.
/// </summary>
internal static class EvaluatedFlags
{
    private const int MostKept = 10_000;

    private static readonly ConcurrentDictionary<UInt128, EvaluatedFlag[]> Kept = new();

    public static IReadOnlyList<EvaluatedFlag> Read(ReadOnlySpan<byte> json)
    {
        var hash = XxHash128.HashToUInt128(json);
        if (Kept.TryGetValue(hash, out var known))
            return known;
        var flags = Parse(json);
        if (Kept.Count >= MostKept)
            Kept.Clear();
        Kept[hash] = flags;
        return flags;
    }

    private static EvaluatedFlag[] Parse(ReadOnlySpan<byte> json)
    {
        var flags = new List<EvaluatedFlag>();
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var flag = reader.GetString()!;
            var (variant, version) = ("", 0L);
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isVariant = reader.ValueTextEquals("variant"u8);
                reader.Read();
                if (isVariant)
                    variant = reader.GetString()!;
                else
                    version = reader.GetInt64();
            }

            flags.Add(new EvaluatedFlag(flag, variant, version));
        }

        return [.. flags];
    }
}
