using System.Text;

namespace Delivery.Evaluation.Tests.Bucketing;

/// <summary>Fixed answers: every process, platform and release gives these buckets.</summary>
public sealed class KnownAnswerTests
{
    // SMHasher's and Wikipedia's MurmurHash3 x86-32 vectors.
    [Theory]
    [InlineData("", 0u, 0x00000000u)]
    [InlineData("", 1u, 0x514E28B7u)]
    [InlineData("", 0xffffffffu, 0x81F16F39u)]
    [InlineData("test", 0u, 0xba6bd213u)]
    [InlineData("test", 0x9747b28cu, 0x704b81dcu)]
    [InlineData("Hello, world!", 0u, 0xc0363e43u)]
    [InlineData("Hello, world!", 0x9747b28cu, 0x24884CBAu)]
    [InlineData("The quick brown fox jumps over the lazy dog", 0u, 0x2e4ff723u)]
    [InlineData("The quick brown fox jumps over the lazy dog", 0x9747b28cu, 0x2FA826CDu)]
    public void murmur3_gives_the_published_hashes(string text, uint seed, uint expected) =>
        Murmur3.Hash(Encoding.UTF8.GetBytes(text), seed).ShouldBe(expected);

    // XXH3_64bits of the UTF-8 bytes of salt, 0x00, unit; computed with npm hash-wasm's xxhash3.
    [Theory]
    [MemberData(nameof(NativeAnswers))]
    public void the_native_bucket_is_xxh3_of_salt_zero_unit(string salt, string unit, ulong expected)
    {
        new NativeBucketer(salt, 10_000).Bucket(unit).ShouldBe(expected);
        System.IO.Hashing.XxHash3.HashToUInt64(Encoding.UTF8.GetBytes($"{salt}\0{unit}")).ShouldBe(expected);
    }

    public static TheoryData<string, string, ulong> NativeAnswers() => new()
    {
        { "", "u", 0xbb7b6db2c2f500ed },
        { "salt", "user-1", 0x1360d60b2e34a072 },
        { "salt", "user-2", 0x61e8cd037a6bce0b },
        { "checkout/rollout", "user-1", 0xb220d88bd7d3e909 },
        { "s", "1", 0x0517ccef94b0f4b3 },
        { "s", "ünï©ødé-用户", 0x5003de791ddd7e21 },
        { "exp-2026", "4b9c2b1e-6f2f-4f29-9d7a-3f0a5d6c7e8f", 0x9bf8e21cab1af079 },
        { "a", new string('b', 300), 0x60e76b3e7daf2e5a },
    };

    // Computed with npm murmurhash3js, the hash of Unleash's Node client: x86.hash32("group:unit", seed) % total + 1.
    [Theory]
    [InlineData(BucketingAlgorithm.Unleash, "gr1", "123", 100, 73)]
    [InlineData(BucketingAlgorithm.Unleash, "groupX", "999", 100, 25)]
    [InlineData(BucketingAlgorithm.UnleashVariant, "gr1", "123", 1_000, 796)]
    public void unleash_normalises_as_its_clients_do(string algorithm, string group, string unit, int total, int normalised) =>
        ((int)Bucketer.Create(algorithm, group, total)!.Bucket(unit) + 1).ShouldBe(normalised);

    // flagd.dev: bucket = (murmur3(key) * total) >> 32.
    [Fact]
    public void flagd_scales_the_hash_instead_of_dividing() =>
        Bucketer.Create(BucketingAlgorithm.Flagd, "te", 100)!.Bucket("st").ShouldBe((0xba6bd213ul * 100) >> 32);

    [Fact]
    public void a_unit_longer_than_the_stack_buffer_hashes_alike()
    {
        var unit = new string('ü', 5_000);

        new NativeBucketer("salt", 100).Bucket(unit).ShouldBe(System.IO.Hashing.XxHash3.HashToUInt64(Encoding.UTF8.GetBytes("salt\0" + unit)));
    }
}
