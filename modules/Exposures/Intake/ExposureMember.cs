namespace Delivery.Exposures.Intake;

/// <summary>The members of an exposure in JSON, as bits: a set says which were met.</summary>
[Flags]
internal enum ExposureMember
{
    None = 0,
    Id = 1 << 0,
    Flag = 1 << 1,
    Variant = 1 << 2,
    Unit = 1 << 3,
    UnitKind = 1 << 4,
    Reason = 1 << 5,
    RuleId = 1 << 6,
    FlagVersion = 1 << 7,
    Sequence = 1 << 8,
    Attributes = 1 << 9,
    Time = 1 << 10,
    Required = Id | Flag | Variant | Unit | Reason | FlagVersion | Sequence | Time,
}

internal static class ExposureMembers
{
    /// <summary>The member a name stands for. Told by length and one letter, then compared once.</summary>
    public static ExposureMember Of(ReadOnlySpan<byte> name) => name.Length switch
    {
        2 => Only(name, "id"u8, ExposureMember.Id),
        4 when name[0] == 'f' => Only(name, "flag"u8, ExposureMember.Flag),
        4 when name[0] == 'u' => Only(name, "unit"u8, ExposureMember.Unit),
        4 => Only(name, "time"u8, ExposureMember.Time),
        6 when name[1] == 'e' => Only(name, "reason"u8, ExposureMember.Reason),
        6 => Only(name, "ruleId"u8, ExposureMember.RuleId),
        7 => Only(name, "variant"u8, ExposureMember.Variant),
        8 when name[0] == 's' => Only(name, "sequence"u8, ExposureMember.Sequence),
        8 => Only(name, "unitKind"u8, ExposureMember.UnitKind),
        10 => Only(name, "attributes"u8, ExposureMember.Attributes),
        11 => Only(name, "flagVersion"u8, ExposureMember.FlagVersion),
        _ => ExposureMember.None,
    };

    /// <summary>The name in JSON of the first member of a set.</summary>
    public static string FirstName(ExposureMember set) => (ExposureMember)((int)set & -(int)set) switch
    {
        ExposureMember.Id => "id",
        ExposureMember.Flag => "flag",
        ExposureMember.Variant => "variant",
        ExposureMember.Unit => "unit",
        ExposureMember.UnitKind => "unitKind",
        ExposureMember.Reason => "reason",
        ExposureMember.RuleId => "ruleId",
        ExposureMember.FlagVersion => "flagVersion",
        ExposureMember.Sequence => "sequence",
        ExposureMember.Attributes => "attributes",
        ExposureMember.Time => "time",
        var other => throw new ArgumentOutOfRangeException(nameof(set), other, "no such member"),
    };

    /// <summary>What a member takes, for whoever sent something else.</summary>
    public static string Accepts(ExposureMember member) => member switch
    {
        ExposureMember.Id => "a uuid that names this exposure, such as 01980d3a-6f2e-7c3b-9a54-0c2f7d1e8b90",
        ExposureMember.Flag or ExposureMember.Variant => "a key of 1 to 200 bytes",
        ExposureMember.Unit => "the unit's key, 1 to 500 bytes without U+0000",
        ExposureMember.UnitKind => "the kind of unit, such as user, at most 100 bytes, or null",
        ExposureMember.Reason => "why, in OpenFeature's words, such as SPLIT; 1 to 50 bytes",
        ExposureMember.RuleId => "the id of the rule that decided, at most 200 bytes, or null",
        ExposureMember.FlagVersion or ExposureMember.Sequence => "a whole number, 0 or more",
        ExposureMember.Attributes => "an object of the attributes the decision read, at most 16384 bytes, or null",
        ExposureMember.Time => "an ISO 8601 time with its offset, such as 2026-11-23T07:17:00.123Z",
        _ => throw new ArgumentOutOfRangeException(nameof(member), member, "no such member"),
    };

    private static ExposureMember Only(ReadOnlySpan<byte> name, ReadOnlySpan<byte> expected, ExposureMember member) =>
        name.SequenceEqual(expected) ? member : ExposureMember.None;
}
