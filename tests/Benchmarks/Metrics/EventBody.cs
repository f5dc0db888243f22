using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Delivery.Benchmarks.Metrics;

/// <summary>The JSON of a batch of 500 purchases, made once; only the batch's number in each id and each unit are filled in, so that the load generator takes little of the cores.</summary>
internal sealed class EventBody
{
    public const int Rows = 500;
    public const int Units = 100_000;

    private readonly byte[] _json;
    private readonly int[] _ids = new int[Rows];
    private readonly int[] _units = new int[Rows];

    public EventBody(DateTimeOffset time)
    {
        var json = new StringBuilder("[");
        for (var row = 0; row < Rows; row++)
        {
            json.Append(row == 0 ? "{\"id\":\"" : ",{\"id\":\"");
            _ids[row] = json.Length;
            json.Append(CultureInfo.InvariantCulture, $"00000000-{row:x4}-7000-8000-000000000001\",\"name\":\"purchase\",\"unit\":\"u");
            _units[row] = json.Length;
            json.Append(CultureInfo.InvariantCulture, $$"""
                00000000","value":{{row}}.5,"time":"{{time.AddMilliseconds(row):yyyy-MM-ddTHH:mm:ss.fffZ}}"}
                """);
        }

        _json = Encoding.ASCII.GetBytes(json.Append(']').ToString());
    }

    public static string UnitOf(long number) => string.Create(CultureInfo.InvariantCulture, $"u{number:x8}");

    /// <summary>The batch's bytes; they change with the next call.</summary>
    public ReadOnlyMemory<byte> Of(int batch)
    {
        for (var row = 0; row < Rows; row++)
        {
            Utf8Formatter.TryFormat((uint)batch, _json.AsSpan(_ids[row]), out _, new('x', 8));
            Utf8Formatter.TryFormat((uint)(((long)batch * Rows + row) * 7919 % Units), _json.AsSpan(_units[row]), out _, new('x', 8));
        }

        return _json;
    }
}
