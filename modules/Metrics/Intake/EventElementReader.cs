using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using Delivery.Contracts.Commands;
using Delivery.Segments;
using Delivery.Segments.Intake;

namespace Delivery.Metrics.Intake;

/// <summary>Reads one request's metric events: each member once, from the body's bytes to the row's.</summary>
internal sealed class EventElementReader(IntakeRequest request) : IElementReader
{
    private readonly byte[] _environment = Encoding.UTF8.GetBytes(request.Environment);
    private readonly byte[]? _source = request.Source is { } source ? Encoding.UTF8.GetBytes(source) : null;
    private readonly DateTimeOffset _latest = request.ReceivedAt.AddDays(1);
    private readonly byte[] _scratch = new byte[2 * 1024];
    private readonly byte[] _member = new byte[32];
    private readonly ObjectCopy _flags = new();
    private readonly ObjectCopy _properties = new();

    public FieldError? Read(ref Utf8JsonReader element, ReadOnlySpan<byte> body, RowBatch row)
    {
        var read = new EventFields { Scratch = _scratch, Latest = _latest, FlagsCopy = _flags, PropertiesCopy = _properties };
        var met = EventMember.None;
        while (element.Read() && element.TokenType == JsonTokenType.PropertyName)
        {
            if (!ElementText.TryRead(ref element, _member, out var name) || EventMembers.Of(name) is not (var member and not EventMember.None))
                return new FieldError(Shown(ref element), "nothing: a metric event has no such member");
            if ((met & member) != 0)
                return new FieldError(EventMembers.NameOf(member), "to be there once");
            met |= member;
            element.Read();
            if (!read.TryTake(member, ref element))
                return new FieldError(EventMembers.NameOf(member), EventMembers.Accepts(member));
        }

        if (EventMembers.First(EventMember.Required & ~met) is var missing and not EventMember.None)
            return new FieldError(EventMembers.NameOf(missing), "to be there: " + EventMembers.Accepts(missing));
        Write(read, row);
        return null;
    }

    /// <summary>Writes the columns in the table's order.</summary>
    private void Write(scoped in EventFields read, RowBatch row)
    {
        row.Uuid(read.Id);
        row.Text(_environment);
        row.Text(read.Name);
        row.Text(read.Unit);
        row.Int64(unchecked((long)XxHash3.HashToUInt64(read.Unit)));
        NumberOrNull(row, read.ValueMicroUnits);
        NumberOrNull(row, read.DurationMicroseconds);
        row.Int16((short)read.Outcome);
        row.Time(read.Time);
        row.TextOrNull(read.Flags);
        row.TextOrNull(read.Properties);
        row.TextOrNull(_source);
    }

    private static void NumberOrNull(RowBatch row, long? number)
    {
        if (number is { } value)
            row.Int64(value);
        else
            row.Null();
    }

    private static string Shown(ref Utf8JsonReader element) =>
        Encoding.UTF8.GetString(element.ValueSpan[..Math.Min(100, element.ValueSpan.Length)]);
}
