using System.Text;

namespace Delivery.Plugins.Tests.Prometheus;

/// <summary>
/// A family of native histograms in Prometheus' protobuf exposition format (io.prometheus.client.MetricFamily, delimited):
/// the only format that carries them in Prometheus 2.
/// </summary>
internal static class NativeHistogram
{
    public const string ContentType = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

    /// <summary>8 buckets for each power of two.</summary>
    private const int Schema = 3;

    public static byte[] Family(string name, IEnumerable<(string Deployment, IReadOnlyList<double> Values)> deployments)
    {
        var family = new Message().Text(1, name).Varint(3, 4);
        foreach (var (deployment, values) in deployments)
            family.Nested(4, new Message().Nested(1, new Message().Text(1, "deployment").Text(2, deployment)).Nested(7, Histogram(values)));
        return new Message().Raw(family).ToArray();
    }

    private static Message Histogram(IReadOnlyList<double> values)
    {
        var message = new Message().Varint(1, (ulong)values.Count).Double(2, values.Sum()).SignedVarint(5, Schema).Double(6, 1e-9).Varint(7, 0);
        var buckets = values.GroupBy(v => (int)Math.Ceiling(Math.Log2(v) * (1 << Schema))).OrderBy(g => g.Key).Select(g => (Index: g.Key, Count: g.Count())).ToList();
        var (next, before) = (0, 0);
        foreach (var (index, count) in buckets)
        {
            message.Nested(12, new Message().SignedVarint(1, index - next).Varint(2, 1));
            next = index + 1;
        }

        foreach (var (_, count) in buckets)
        {
            message.SignedVarint(13, count - before);
            before = count;
        }

        return message;
    }

    /// <summary>A protobuf message, field by field.</summary>
    private sealed class Message
    {
        private readonly List<byte> _bytes = [];

        public Message Varint(int field, ulong value) => Key(field, 0).Number(value);

        public Message SignedVarint(int field, long value) => Varint(field, (ulong)((value << 1) ^ (value >> 63)));

        public Message Double(int field, double value)
        {
            Key(field, 1)._bytes.AddRange(BitConverter.GetBytes(value));
            return this;
        }

        public Message Text(int field, string value) => Key(field, 2).Bytes(Encoding.UTF8.GetBytes(value));

        public Message Nested(int field, Message message) => Key(field, 2).Bytes(message.ToArray());

        public Message Raw(Message message) => Bytes(message.ToArray());

        public byte[] ToArray() => [.. _bytes];

        private Message Key(int field, int type) => Number((ulong)((field << 3) | type));

        private Message Bytes(byte[] bytes)
        {
            Number((ulong)bytes.Length)._bytes.AddRange(bytes);
            return this;
        }

        private Message Number(ulong value)
        {
            for (; value >= 0x80; value >>= 7)
                _bytes.Add((byte)(value | 0x80));
            _bytes.Add((byte)value);
            return this;
        }
    }
}
