using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Delivery.Benchmarks.Exposures;

/// <summary>
/// The JSON of a batch of 500 exposures, as the SDK writes them. Made once, then only the batch's number in each id,
/// each unit and the second it is sent are filled in, so that the load generator leaves the cores to the server.
/// </summary>
internal sealed class ExposureBody
{
    public const int Rows = 500;
    private const int Units = 1_000_003;

    private readonly byte[] _json;
    private readonly int[] _ids = new int[Rows];
    private readonly int[] _units = new int[Rows];
    private readonly int[] _seconds = new int[Rows];

    public ExposureBody()
    {
        var json = new StringBuilder("[");
        for (var row = 0; row < Rows; row++)
        {
            json.Append(row == 0 ? "{\"id\":\"" : ",{\"id\":\"");
            _ids[row] = json.Length;
            json.Append(CultureInfo.InvariantCulture, $"00000000-{row:x4}-7000-8000-000000000000\",\"flag\":\"new-checkout\",\"variant\":\"{(row % 2 == 0 ? "on" : "off")}\",\"unit\":\"user-");
            _units[row] = json.Length;
            json.Append(CultureInfo.InvariantCulture, $$"""
                00000000","unitKind":"user","reason":"SPLIT","ruleId":"rollout-new-checkout","flagVersion":12,"sequence":345,"attributes":{"country":"DE","plan":"pro"},"time":"
                """);
            _seconds[row] = json.Length;
            json.Append(CultureInfo.InvariantCulture, $"yyyy-MM-ddTHH:mm:ss.{row:d3}Z\"}}");
        }

        _json = Encoding.ASCII.GetBytes(json.Append(']').ToString());
    }

    /// <summary>The batch's bytes; they change with the next call.</summary>
    public ReadOnlyMemory<byte> Of(int batch)
    {
        Span<byte> second = stackalloc byte[19];
        TimeProvider.System.GetUtcNow().TryFormat(second, out _, "yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture);
        for (var row = 0; row < Rows; row++)
        {
            second.CopyTo(_json.AsSpan(_seconds[row]));
            Utf8Formatter.TryFormat((uint)batch, _json.AsSpan(_ids[row]), out _, new('x', 8));
            Utf8Formatter.TryFormat((uint)(((long)batch * Rows + row) * 7919 % Units), _json.AsSpan(_units[row]), out _, new('x', 8));
        }

        return _json;
    }
}
