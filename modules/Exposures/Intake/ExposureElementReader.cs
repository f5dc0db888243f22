using System.Buffers.Text;
using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using Delivery.Contracts.Commands;
using Delivery.Exposures.Privacy;
using Delivery.Segments;
using Delivery.Segments.Intake;

namespace Delivery.Exposures.Intake;

/// <summary>Reads one request's exposures: each member once, straight from the body's bytes to the row's.</summary>
internal sealed class ExposureElementReader(IntakeRequest request, ExposureOptions options, AttributeFilter? filter = null) : IElementReader
{
    private const int LargestAttributes = 16 * 1024;

    private readonly byte[] _environment = Encoding.UTF8.GetBytes(request.Environment);
    private readonly byte[]? _source = request.Source is { } source ? Encoding.UTF8.GetBytes(source) : null;
    private readonly byte[] _scratch = new byte[4 * 1024];

    public FieldError? Read(ref Utf8JsonReader element, ReadOnlySpan<byte> body, RowBatch row)
    {
        var exposure = new Exposure { Scratch = _scratch };
        var met = ExposureMember.None;
        while (element.Read() && element.TokenType == JsonTokenType.PropertyName)
        {
            var member = MemberAt(ref element);
            if (member == ExposureMember.None)
                return new FieldError(Shown(ref element), "nothing: an exposure has no such member");
            if ((met & member) != 0)
                return new FieldError(ExposureMembers.FirstName(member), "to be there once");
            met |= member;
            element.Read();
            if (!exposure.TryTake(member, ref element, body))
                return new FieldError(ExposureMembers.FirstName(member), ExposureMembers.Accepts(member));
        }

        var missing = ExposureMember.Required & ~met;
        if (missing != 0)
            return new FieldError(ExposureMembers.FirstName(missing), "to be there: " + ExposureMembers.Accepts((ExposureMember)((int)missing & -(int)missing)));
        Write(exposure, row);
        return null;
    }

    /// <summary>Writes the columns in the table's order.</summary>
    private void Write(scoped in Exposure exposure, RowBatch row)
    {
        row.Uuid(exposure.Id);
        row.Text(_environment);
        row.Text(exposure.Flag);
        row.Text(exposure.Variant);
        row.Text(exposure.Unit);
        row.TextOrNull(exposure.UnitKind);
        row.Int64(unchecked((long)XxHash3.HashToUInt64(exposure.Unit)));
        row.Text(exposure.Reason);
        row.TextOrNull(exposure.RuleId);
        row.Int64(exposure.FlagVersion);
        row.Int64(exposure.Sequence);
        row.TextOrNull(filter is null ? exposure.Attributes : filter.Keep(exposure.Flag, exposure.FlagVersion, exposure.Attributes));
        row.Time(exposure.Time);
        row.Int16((short)options.TimingOf(exposure.Time, request.ReceivedAt));
        row.TextOrNull(_source);
    }

    private static ExposureMember MemberAt(ref Utf8JsonReader name)
    {
        if (!name.ValueIsEscaped)
            return ExposureMembers.Of(name.ValueSpan);
        return ElementText.TryRead(ref name, new byte[64], out var unescaped) ? ExposureMembers.Of(unescaped) : ExposureMember.None;
    }

    private static string Shown(ref Utf8JsonReader element) =>
        Encoding.UTF8.GetString(element.ValueSpan[..Math.Min(100, element.ValueSpan.Length)]);

    /// <summary>One exposure while it is read; its texts point into the body, or into the scratch where they were escaped.</summary>
    private ref struct Exposure
    {
        public Span<byte> Scratch;
        public Guid Id;
        public ReadOnlySpan<byte> Flag;
        public ReadOnlySpan<byte> Variant;
        public ReadOnlySpan<byte> Unit;
        public ReadOnlySpan<byte> UnitKind;
        public ReadOnlySpan<byte> Reason;
        public ReadOnlySpan<byte> RuleId;
        public long FlagVersion;
        public long Sequence;
        public ReadOnlySpan<byte> Attributes;
        public DateTimeOffset Time;

        public bool TryTake(ExposureMember member, scoped ref Utf8JsonReader value, ReadOnlySpan<byte> body) => member switch
        {
            ExposureMember.Id => TryUuid(ref value, out Id),
            ExposureMember.Flag => TryText(ref value, 200, out Flag),
            ExposureMember.Variant => TryText(ref value, 200, out Variant),
            ExposureMember.Unit => TryText(ref value, 500, out Unit),
            ExposureMember.UnitKind => IsNull(ref value) || TryText(ref value, 100, out UnitKind, orEmpty: true),
            ExposureMember.Reason => TryText(ref value, 50, out Reason),
            ExposureMember.RuleId => IsNull(ref value) || TryText(ref value, 200, out RuleId, orEmpty: true),
            ExposureMember.FlagVersion => TryNumber(ref value, out FlagVersion),
            ExposureMember.Sequence => TryNumber(ref value, out Sequence),
            ExposureMember.Attributes => IsNull(ref value) || TryObject(ref value, body, out Attributes),
            ExposureMember.Time => TryTime(ref value, out Time),
            _ => throw new ArgumentOutOfRangeException(nameof(member), member, "no such member"),
        };

        private static bool IsNull(scoped ref Utf8JsonReader value) => value.TokenType == JsonTokenType.Null;

        private bool TryUuid(scoped ref Utf8JsonReader value, out Guid id)
        {
            id = default;
            return TryText(ref value, 36, out var text) && Utf8Parser.TryParse(text, out id, out var used) && used == 36;
        }

        private static bool TryNumber(scoped ref Utf8JsonReader value, out long number)
        {
            number = 0;
            return value.TokenType == JsonTokenType.Number && value.TryGetInt64(out number) && number >= 0;
        }

        /// <summary>A time without an offset would mean the server's time zone, so it is refused.</summary>
        private bool TryTime(scoped ref Utf8JsonReader value, out DateTimeOffset time)
        {
            time = default;
            return TryText(ref value, 64, out var text) && text.Length > 16
                && (text[^1] == 'Z' || text[^6] is (byte)'+' or (byte)'-') && value.TryGetDateTimeOffset(out time);
        }

        private static bool TryObject(scoped ref Utf8JsonReader value, ReadOnlySpan<byte> body, out ReadOnlySpan<byte> json)
        {
            json = default;
            if (value.TokenType != JsonTokenType.StartObject)
                return false;
            var start = (int)value.TokenStartIndex;
            value.Skip();
            json = body[start..(int)value.BytesConsumed];
            return json.Length <= LargestAttributes && ElementText.IsStorable(json);
        }

        private bool TryText(scoped ref Utf8JsonReader value, int longest, out ReadOnlySpan<byte> text, bool orEmpty = false)
        {
            if (!ElementText.TryRead(ref value, Scratch[..longest], out text) || (text.IsEmpty && !orEmpty))
                return false;
            if (value.ValueIsEscaped)
                Scratch = Scratch[text.Length..];
            return true;
        }
    }
}
