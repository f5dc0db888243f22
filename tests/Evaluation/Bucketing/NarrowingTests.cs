using System.Text;

namespace Delivery.Evaluation.Tests.Bucketing;

/// <summary>The short way to UTF-8 gives the bytes of the long one, or says that it can't.</summary>
public sealed class NarrowingTests
{
    [Fact]
    public void every_length_gives_the_bytes_of_utf8_or_none()
    {
        for (var length = 0; length <= 130; length++)
        {
            var text = string.Create(length, length, (characters, seed) =>
            {
                for (var i = 0; i < characters.Length; i++)
                    characters[i] = (char)(1 + ((i * 31) + seed) % 127);
            });
            var bytes = new byte[length];
            if (Narrowing.TryNarrow(text, bytes, out var written))
                bytes.AsSpan(0, written).SequenceEqual(Encoding.UTF8.GetBytes(text)).ShouldBeTrue(length.ToString(System.Globalization.CultureInfo.InvariantCulture));
            else
                length.ShouldBeLessThan(8);
        }
    }

    [Theory]
    [InlineData('\u0080')]
    [InlineData('ß')]
    [InlineData('用')]
    [InlineData('\uD800')]
    public void a_character_beyond_ascii_is_seen_wherever_it_stands(char beyond)
    {
        for (var length = 8; length <= 70; length++)
        {
            for (var at = 0; at < length; at++)
            {
                var text = new string('a', length).Remove(at, 1).Insert(at, beyond.ToString());
                Narrowing.TryNarrow(text, new byte[3 * length], out _).ShouldBeFalse($"{length} {at}");
                new NativeBucketer("salt", 100).Bucket(text)
                    .ShouldBe(System.IO.Hashing.XxHash3.HashToUInt64(Encoding.UTF8.GetBytes($"salt\0{text}")));
            }
        }
    }
}
