using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.FeatureManagement;
using Microsoft.FeatureManagement.FeatureFilters;

namespace Delivery.Benchmarks.Evaluation.Goals;

/// <summary>Microsoft.FeatureManagement as an application registers it, caches included, with flags that mean the same as ours.</summary>
internal static class FeatureManagementCases
{
    public const string Simple = "fm static";
    public const string Targeting = "fm targeting";
    public const string Variant = "fm variant";

    private static readonly TargetingContext Audience = new() { UserId = "user-4711", Groups = ["ring1"] };

    public static IReadOnlyList<Timed> All()
    {
        var configuration = new ConfigurationBuilder()
            .AddJsonStream(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(FeatureManagementPeer.Configuration)))
            .Build();
        var services = new ServiceCollection().AddSingleton<IConfiguration>(configuration);
        services.AddFeatureManagement();
        var manager = services.BuildServiceProvider().GetRequiredService<IVariantFeatureManager>();
        return
        [
            new(Simple, n => Enabled(n, () => manager.IsEnabledAsync("simple"))),
            new(Targeting, n => Enabled(n, () => manager.IsEnabledAsync("targeting", Audience))),
            new(Variant, n => Variants(manager, n)),
        ];
    }

    private static int Enabled(int count, Func<ValueTask<bool>> ask)
    {
        var on = 0;
        for (var i = 0; i < count; i++)
            on += Now(ask()) ? 1 : 0;
        return on;
    }

    private static int Variants(IVariantFeatureManager manager, int count)
    {
        var letters = 0;
        for (var i = 0; i < count; i++)
            letters += Now(manager.GetVariantAsync("variant", Audience)).Name.Length;
        return letters;
    }

    /// <summary>These evaluations end before they return; waiting for one that does not would time a thread.</summary>
    private static T Now<T>(ValueTask<T> evaluation) => evaluation.IsCompleted
        ? evaluation.GetAwaiter().GetResult()
        : throw new InvalidOperationException("the evaluation did not end at once");
}
