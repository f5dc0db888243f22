namespace Delivery.Metrics.Intake;

/// <summary>The members of a metric event in JSON, as bits: a set says which were met.</summary>
[Flags]
internal enum EventMember
{
    None = 0,
    Id = 1 << 0,
    Name = 1 << 1,
    Unit = 1 << 2,
    Value = 1 << 3,
    DurationMs = 1 << 4,
    Error = 1 << 5,
    Time = 1 << 6,
    Properties = 1 << 7,
    Flags = 1 << 8,
    Required = Id | Name | Unit | Time,
}

internal static class EventMembers
{
    /// <summary>The member a name stands for, told by its first letter and compared once.</summary>
    public static EventMember Of(ReadOnlySpan<byte> name) => name switch
    {
        [(byte)'i', ..] when name.SequenceEqual("id"u8) => EventMember.Id,
        [(byte)'n', ..] when name.SequenceEqual("name"u8) => EventMember.Name,
        [(byte)'u', ..] when name.SequenceEqual("unit"u8) => EventMember.Unit,
        [(byte)'v', ..] when name.SequenceEqual("value"u8) => EventMember.Value,
        [(byte)'d', ..] when name.SequenceEqual("durationMs"u8) => EventMember.DurationMs,
        [(byte)'e', ..] when name.SequenceEqual("error"u8) => EventMember.Error,
        [(byte)'t', ..] when name.SequenceEqual("time"u8) => EventMember.Time,
        [(byte)'p', ..] when name.SequenceEqual("properties"u8) => EventMember.Properties,
        [(byte)'f', ..] when name.SequenceEqual("flags"u8) => EventMember.Flags,
        _ => EventMember.None,
    };

    /// <summary>The first member of a set.</summary>
    public static EventMember First(EventMember set) => (EventMember)((int)set & -(int)set);

    /// <summary>A member's name in JSON.</summary>
    public static string NameOf(EventMember member) => member switch
    {
        EventMember.Id => "id",
        EventMember.Name => "name",
        EventMember.Unit => "unit",
        EventMember.Value => "value",
        EventMember.DurationMs => "durationMs",
        EventMember.Error => "error",
        EventMember.Time => "time",
        EventMember.Properties => "properties",
        EventMember.Flags => "flags",
        _ => throw new ArgumentOutOfRangeException(nameof(member), member, "no such member"),
    };

    /// <summary>What a member takes, for whoever sent something else.</summary>
    public static string Accepts(EventMember member) => member switch
    {
        EventMember.Id => "a uuid that names this event, such as 01980d3a-6f2e-7c3b-9a54-0c2f7d1e8b90",
        EventMember.Name => "what happened, such as request or purchase; 1 to 100 bytes without U+0000",
        EventMember.Unit => "the unit's key, 1 to 500 bytes without U+0000",
        EventMember.Value => "a finite number within ±9223372036854.775807 (it is kept in millionths), or null",
        EventMember.DurationMs => "milliseconds, 0 to 9223372036854775 (kept to the microsecond), or null",
        EventMember.Error => "true, false or null",
        EventMember.Time => "an ISO 8601 time with its offset, such as 2026-11-23T07:17:00.123Z, from 2000 on and at most a day ahead",
        EventMember.Properties => "an object of at most 50 strings (up to 500 bytes), numbers, booleans and nulls, each name once, or null",
        EventMember.Flags => "an object of at most 100 flags, each once, as { \"FLAG\": { \"variant\": \"KEY\", \"version\": 7 } }, or null",
        _ => throw new ArgumentOutOfRangeException(nameof(member), member, "no such member"),
    };
}
