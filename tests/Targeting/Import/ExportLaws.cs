using System.Text.Json;
using Delivery.Contracts.Http;
using Delivery.Evaluation;
using Delivery.Targeting.Import;

namespace Delivery.Targeting.Tests.Import;

/// <summary>What is exported comes back as it was, over random configurations of every part of the model.</summary>
[Collection(typeof(Platform))]
public sealed class ExportLaws(PlatformFixture platform)
{
    [Fact]
    public void a_document_reads_back_as_it_was_written()
    {
        var used = new HashSet<string>(StringComparer.Ordinal);
        for (var seed = 1; seed <= 2_000; seed++)
        {
            var document = new RandomConfiguration(seed, "p").Document(4, "staging");
            var json = JsonSerializer.SerializeToElement(document, Json.Options);

            var back = DeliveryDocument.Translate(json);

            var again = JsonSerializer.SerializeToElement(document with { Flags = back.Flags, Populations = back.Populations }, Json.Options);
            again.GetRawText().ShouldBe(json.GetRawText(), $"seed {seed}");
            Importing.Faults(new ImportFlags(null!, "production", document.Flags, document.Populations, IsOwn: true), _ => new Ruleset()).ShouldBeEmpty($"seed {seed}");
            used.UnionWith(BucketingAlgorithm.All.Where(algorithm => json.GetRawText().Contains($"\"{algorithm}\"", StringComparison.Ordinal)));
        }

        used.Count.ShouldBe(BucketingAlgorithm.All.Count);
    }

    [Fact]
    public async Task what_is_imported_into_all_environments_is_exported_and_comes_back_over_anything_else()
    {
        for (var seed = 1; seed <= 8; seed++)
        {
            var prefix = $"law-{seed}";
            var first = Document(seed, prefix);
            var second = Document(seed + 1_000, prefix, types: first);
            await Import(first);
            var exported = await Exported(prefix);
            exported.ShouldBe(Written(first), $"seed {seed}");

            await Import(second);
            (await Exported(prefix)).ShouldBe(Written(second), $"seed {seed}");
            (await Import(first)).ShouldBeTrue();
            (await Exported(prefix)).ShouldBe(exported, $"seed {seed}");
            (await Import(first)).ShouldBeFalse($"seed {seed}: nothing was different");
        }
    }

    /// <summary>A flag keeps its type, so the second configuration takes the first one's flags' variants.</summary>
    private static DeliveryDocument Document(int seed, string prefix, DeliveryDocument? types = null)
    {
        var document = new RandomConfiguration(seed, prefix).Document(4, "staging");
        return types is null
            ? document
            : document with { Flags = [.. document.Flags.Zip(types.Flags, (flag, other) => flag with { Identity = flag.Identity with { Type = other.Identity.Type, Variants = other.Identity.Variants } })] };
    }

    private async Task<bool> Import(DeliveryDocument document)
    {
        using var response = await platform.Admin.PostJson("/api/v1/import/delivery?strict=true", JsonSerializer.Serialize(document, Json.Options));
        return (await response.Json()).GetProperty("changed").GetBoolean();
    }

    private async Task<string> Exported(string prefix)
    {
        var document = JsonSerializer.Deserialize<DeliveryDocument>(await platform.Admin.GetJson("/api/v1/export"), Json.Options)!;
        return Written(document with
        {
            Flags = [.. document.Flags.Where(flag => flag.Key.StartsWith(prefix + "-", StringComparison.Ordinal)).Select(flag => flag with { Environments = flag.Environments!.Where(pair => pair.Key == "staging").ToDictionary() })],
            Populations = [.. document.Populations.Where(population => population.Key.StartsWith(prefix + "-", StringComparison.Ordinal))],
        });
    }

    private static readonly JsonSerializerOptions Indented = new(Json.Options) { WriteIndented = true };

    private static string Written(DeliveryDocument document) =>
        JsonSerializer.Serialize(new { document.Flags, document.Populations }, Indented);
}
