using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Delivery.Testing;

namespace Delivery.Evaluation.Tests.Laws;

/// <summary>Determinism is a promise between processes: an SDK, a server, and whoever verifies years later.</summary>
public sealed class ProcessLawsTests(PostgresFixture postgres)
{
    private const int Flags = 100;
    private const int Units = 100;
    private static readonly string[] Algorithms = [.. BucketingAlgorithm.All];

    /// <summary>
    /// 10,000 assignments under every algorithm, as one hash. It changes only if a unit moves, and then nothing may be
    /// released: it is the same on every processor, operating system and version.
    /// </summary>
    [Fact]
    public void ten_thousand_assignments_are_those_of_every_other_process_and_release()
    {
        var snapshot = Snapshot.Compile(new Ruleset { Flags = [.. Enumerable.Range(0, Flags).Select(Split)] });
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var served = 0;
        Span<byte> bucket = stackalloc byte[8];
        for (var unit = 0; unit < Units; unit++)
        {
            var context = new EvaluationContext(Unit(unit));
            for (var flag = 0; flag < Flags; flag++)
            {
                var result = snapshot.Evaluate($"f{flag}", context);
                BinaryPrimitives.WriteInt64LittleEndian(bucket, BitConverter.DoubleToInt64Bits(result.Why.Bucket ?? -1));
                hash.AppendData(bucket);
                hash.AppendData(Encoding.UTF8.GetBytes(result.VariantKey!));
                served += result.VariantKey == "on" ? 1 : 0;
            }
        }

        served.ShouldBeInRange(1_000, 9_000);
        Convert.ToHexStringLower(hash.GetHashAndReset()).ShouldBe("961fbbccf46b3730ac3a07d3d4019d9fc42a44f13cbcef05d1b8ad59a119161c");
    }

    [Fact]
    public async Task a_server_in_another_process_decides_ten_thousand_cases_as_this_one_does()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var server = await ServerProcess.StartAsync(await postgres.CreateDatabaseAsync("processes"), stop);
        await SendAsync(server, "/api/v1/import/delivery?environment=production", Document());
        var here = Snapshot.Compile(RulesetJson.Read(await server.Http.GetByteArrayAsync(new Uri("/sdk/v1/ruleset?environment=production", UriKind.Relative), stop)));
        var compared = 0;
        for (var unit = 0; unit < Units; unit++)
        {
            var answer = await SendAsync(server, "/ofrep/v1/evaluate/flags?environment=production", JsonSerializer.Serialize(new { context = new { targetingKey = Unit(unit) } }));
            var context = new EvaluationContext(Unit(unit));
            foreach (var flag in answer.GetProperty("flags").EnumerateArray())
            {
                var expected = here.Evaluate(flag.GetProperty("key").GetString()!, context);
                flag.GetProperty("variant").GetString().ShouldBe(expected.VariantKey);
                flag.GetProperty("reason").GetString().ShouldBe(JsonNamingPolicy.SnakeCaseUpper.ConvertName(expected.Reason.ToString()));
                compared++;
            }
        }

        compared.ShouldBe(Flags * Units);
    }

    private static string Unit(int number) => number % 3 == 0 ? $"user-{number}" : number % 3 == 1 ? $"ünït-{number}-用户" : new string((char)('a' + (number % 26)), number + 1);

    /// <summary>Each with its own salt, algorithm, exposure and weights.</summary>
    private static FlagDefinition Split(int number)
    {
        var algorithm = Algorithms[number % Algorithms.Length];
        return Build.Flag($"f{number}", Build.Rule("split", new Serve.Split(new Split(100_000 + (number * 9_000))
        {
            Salt = $"salt-{number}",
            Algorithm = algorithm,
            TotalWeight = 100,
            Weights = [new VariantWeight("on", 40 + (number % 20)), new VariantWeight("off", 30)],
        })));
    }

    private static string Document() => JsonSerializer.Serialize(
        new
        {
            format = "delivery",
            version = 1,
            environment = "production",
            sequence = 0,
            populations = Array.Empty<object>(),
            flags = Enumerable.Range(0, Flags).Select(Split).Select(flag => new
            {
                flag.Key,
                identity = new { flag.Type, flag.Variants, flag.OffVariant },
                configuration = new { flag.Default, flag.Rules },
            }),
        },
        Contracts.Http.Json.Options);

    private static async Task<JsonElement> SendAsync(ServerProcess server, string path, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await server.Http.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        response.IsSuccessStatusCode.ShouldBeTrue(text);
        return JsonElement.Parse(text);
    }
}
