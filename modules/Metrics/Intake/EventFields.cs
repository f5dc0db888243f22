using System.Buffers.Text;
using System.Text.Json;
using Delivery.Metrics.Events;
using Delivery.Segments.Intake;

namespace Delivery.Metrics.Intake;

/// <summary>One event while it is read; its texts point into the body, or into the scratch where they were escaped.</summary>
internal ref struct EventFields
{
    private const int LongestName = 100;
    private const int LongestUnit = 500;
    private const decimal MicroUnitsPerUnit = 1_000_000;
    private const decimal MicrosecondsPerMillisecond = 1_000;
    private static readonly DateTimeOffset Earliest = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public Span<byte> Scratch;
    public DateTimeOffset Latest;
    public ObjectCopy FlagsCopy;
    public ObjectCopy PropertiesCopy;

    public Guid Id;
    public ReadOnlySpan<byte> Name;
    public ReadOnlySpan<byte> Unit;
    public long? ValueMicroUnits;
    public long? DurationMicroseconds;
    public RequestOutcome Outcome;
    public DateTimeOffset Time;
    public ReadOnlySpan<byte> Properties;
    public ReadOnlySpan<byte> Flags;

    public bool TryTake(EventMember member, scoped ref Utf8JsonReader value) => member switch
    {
        EventMember.Id => TryUuid(ref value, out Id),
        EventMember.Name => TryText(ref value, LongestName, out Name),
        EventMember.Unit => TryText(ref value, LongestUnit, out Unit),
        EventMember.Value => IsNull(ref value) || TryNumber(ref value, MicroUnitsPerUnit, out ValueMicroUnits),
        EventMember.DurationMs => IsNull(ref value) || (TryNumber(ref value, MicrosecondsPerMillisecond, out DurationMicroseconds) && DurationMicroseconds >= 0),
        EventMember.Error => TryOutcome(ref value),
        EventMember.Time => TryTime(ref value),
        EventMember.Properties => IsNull(ref value) || PropertiesCopy.TryProperties(ref value, Scratch, out Properties),
        EventMember.Flags => IsNull(ref value) || FlagsCopy.TryFlags(ref value, Scratch, out Flags),
        _ => throw new ArgumentOutOfRangeException(nameof(member), member, "no such member"),
    };

    private static bool IsNull(scoped ref Utf8JsonReader value) => value.TokenType == JsonTokenType.Null;

    private static bool TryUuid(scoped ref Utf8JsonReader value, out Guid id)
    {
        id = default;
        return value.TokenType == JsonTokenType.String && value.ValueSpan.Length == 36
            && Utf8Parser.TryParse(value.ValueSpan, out id, out var used) && used == 36;
    }

    /// <summary>Rounds half to even; by way of decimal, so that 0.1 is 100,000 millionths and not nearly so.</summary>
    private static bool TryNumber(scoped ref Utf8JsonReader value, decimal scale, out long? scaled)
    {
        scaled = null;
        if (value.TokenType != JsonTokenType.Number || !value.TryGetDecimal(out var number))
            return false;
        var bound = long.MaxValue / scale;
        if (number > bound || number < -bound)
            return false;
        scaled = (long)Math.Round(number * scale, MidpointRounding.ToEven);
        return true;
    }

    private bool TryOutcome(scoped ref Utf8JsonReader value)
    {
        RequestOutcome? outcome = value.TokenType switch
        {
            JsonTokenType.True => RequestOutcome.Failed,
            JsonTokenType.False => RequestOutcome.Succeeded,
            JsonTokenType.Null => RequestOutcome.NotSaid,
            _ => null,
        };
        Outcome = outcome ?? RequestOutcome.NotSaid;
        return outcome is not null;
    }

    /// <summary>A time without an offset would mean the server's time zone, so it is refused.</summary>
    private bool TryTime(scoped ref Utf8JsonReader value)
    {
        var text = value.ValueSpan;
        return value.TokenType == JsonTokenType.String && text.Length > 16
            && (text[^1] == 'Z' || text[^6] is (byte)'+' or (byte)'-')
            && value.TryGetDateTimeOffset(out Time) && Time >= Earliest && Time <= Latest;
    }

    private bool TryText(scoped ref Utf8JsonReader value, int longest, out ReadOnlySpan<byte> text)
    {
        if (!ElementText.TryRead(ref value, Scratch[..longest], out text) || text.IsEmpty)
            return false;
        if (value.ValueIsEscaped)
            Scratch = Scratch[text.Length..];
        return true;
    }
}
