using System.Text.Json;
using Delivery.Plugins.Compliance;
using Delivery.Plugins.Measuring;
using Delivery.Plugins.Routing;
using Delivery.Plugins.Tests.Hosting;

namespace Delivery.Plugins.Tests.ThirdParty;

/// <summary><c>dotnet new delivery-plugin</c>: packed, installed into a hive of its own, made, built, loaded and used.</summary>
public sealed class TemplateTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task what_the_template_makes_is_built_and_loaded_and_works_as_it_is()
    {
        using var folder = new PluginFolder();
        var template = Path.Combine(folder.Work, "Template");
        PluginFolder.CopyFolder(Path.Combine(DotnetTool.Repository, "plugins", "Template"), template, except: ["bin", "obj"]);
        await DotnetTool.RunAsync(folder.Work, "pack", template, "-o", "packages", "-nodeReuse:false");
        string[] hive = ["--debug:custom-hive", Path.Combine(folder.Work, "hive")];
        await DotnetTool.RunAsync(folder.Work, ["new", "install", Directory.EnumerateFiles(Path.Combine(folder.Work, "packages")).Single(), .. hive]);
        (string Name, string Kind)[] plugins = [("Acme.Edge", "router"), ("Acme.Numbers", "metric-source"), ("Acme.Pager-2", "channel")];
        foreach (var (name, kind) in plugins)
            await DotnetTool.RunAsync(folder.Work, ["new", "delivery-plugin", "-n", name, "--kind", kind, "--contract", DotnetTool.Contract, .. hive]);
        await WriteGuideAsync(folder.Work);
        await BuildAsync(folder.Work, plugins.Select(p => $"{p.Name}/{p.Name}.csproj").Append("edge/Edge.csproj"));
        foreach (var name in plugins.Select(p => p.Name).Append("edge"))
            folder.Copy(name, Path.Combine(folder.Work, name, "bin", "Debug", "net10.0"));

        var lines = Path.Combine(folder.Work, "lines");
        await File.WriteAllLinesAsync(lines, ["2026-01-02T12:00:01Z;stable;ok", "2026-01-02T12:00:02Z;stable;failed", "2026-01-02T12:00:03Z;canary;ok"], Token);
        var key = Path.Combine(folder.Work, "key");
        await File.WriteAllTextAsync(key, LoadBalancer.Key, Token);
        await using var hosted = await Hosted.StartAsync(
            folder,
            ("Instances:edge-eu:Plugin", "edge"),
            ("Instances:edge-eu:Options:Url", $"http://127.0.0.1:{FaultyBackend.ClosedPort}"),
            ("Instances:edge-eu:Options:Key", $"secret:file:{key}"),
            ("Instances:edge-eu:Options:Routes:shop:stable", "pool-a"),
            ("Instances:edge-eu:Options:Routes:shop:canary", "pool-b"),
            ("Instances:edge:Plugin", "acme-edge"),
            ("Instances:edge:Options:Folder", Path.Combine(folder.Work, "routes")),
            ("Instances:edge:Options:Routes:shop:0", "stable"),
            ("Instances:edge:Options:Routes:shop:1", "canary"),
            ("Instances:numbers:Plugin", "acme-numbers"),
            ("Instances:numbers:Options:File", lines),
            ("Instances:pager:Plugin", "acme-pager-2"));
        await RoutesAsync(hosted, Path.Combine(folder.Work, "routes", "shop.json"));
        var noon = new DateTimeOffset(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);
        (await hosted.Plugins.Source("numbers")!.QueryAsync(new MetricQuery("requests", "shop", ["stable", "canary"], noon, noon.AddSeconds(10)), Token))
            .ShouldBeOfType<MetricAnswer.Ok>().Reading.Arms.Select(a => a.Statistics).ShouldBe([new ArmStatistics.Counts(2, 1), new ArmStatistics.Counts(1, 0)]);
        foreach (var instance in new[] { "edge", "numbers", "pager" })
            (await hosted.Report.CheckAsync(instance, Token))!.Ok.ShouldBeTrue();
        (await hosted.Report.CheckAsync("edge-eu", Token))!.Findings.Single().Kind.ShouldBe("Unavailable", "nobody listens there");
    }

    /// <summary>The guide's files as it says: a folder <c>edge</c>, and the server's contract where its project looks for it.</summary>
    private static async Task WriteGuideAsync(string folder)
    {
        Directory.CreateDirectory(Path.Combine(folder, "edge"));
        foreach (var (name, text) in WrittenPlugin.GuideFiles)
            await File.WriteAllTextAsync(Path.Combine(folder, "edge", name), text, Token);
        File.Copy(DotnetTool.Contract, Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "delivery")).FullName, Path.GetFileName(DotnetTool.Contract)));
    }

    /// <summary>All in one run of MSBuild: its start costs more than the build.</summary>
    private static async Task BuildAsync(string folder, IEnumerable<string> projects)
    {
        await File.WriteAllTextAsync(
            Path.Combine(folder, "all.proj"),
            $"""
            <Project DefaultTargets="Build">
              <ItemGroup>{string.Concat(projects.Select(p => $"<One Include=\"{p}\" />"))}</ItemGroup>
              <Target Name="Restore"><MSBuild Projects="@(One)" Targets="Restore" /></Target>
              <Target Name="Build"><MSBuild Projects="@(One)" Targets="Build" /></Target>
            </Project>
            """,
            Token);
        await DotnetTool.RunAsync(folder, "build", "all.proj", "-warnaserror", "-nodeReuse:false");
    }

    private static async Task RoutesAsync(Hosted hosted, string file)
    {
        var intent = new RouteIntent("shop", 2, "stable", [new("stable", 9_500), new("canary", 500)])
        {
            Overrides = [new RouteOverride(RequestPart.Header, "x-arm", "canary", "canary")],
        };
        (await hosted.Steering.ApplyAsync("edge", intent, Token)).Verification.ShouldBeOfType<Verification.Verified>();
        JsonDocument.Parse(await File.ReadAllTextAsync(file, Token)).RootElement.GetProperty("Generation").GetInt64().ShouldBe(2);
        var router = hosted.Plugins.Router("edge")!;
        var seen = ((PluginResult<RouteState>.Ok)await router.ReadAsync("shop", Token)).Value;
        Kind(await router.ApplyAsync(intent with { Generation = 1 }, seen.Revision, Token)).ShouldBe(PluginErrorKind.Conflict, "a late writer");
        Kind(await router.ApplyAsync(intent with { Generation = 3 }, "another", Token)).ShouldBe(PluginErrorKind.Conflict, "another revision");
        Kind(await router.ReadAsync("nowhere", Token)).ShouldBe(PluginErrorKind.NotFound);
        await File.WriteAllTextAsync(file, "nonsense", Token);
        Kind(await router.ReadAsync("shop", Token)).ShouldBe(PluginErrorKind.Internal);
        var aborted = (await router.AbortAsync(new AbortOrder("shop", "stable", 4, AbortLevel.StopSticky), Token)).ShouldBeOfType<PluginResult<RouteState>.Ok>().Value;
        aborted.WeightOf("stable").ShouldBe(BasisPoints.All);
        aborted.Overrides.ShouldBeEmpty();
    }

    private static PluginErrorKind Kind(PluginResult<RouteState> result) => result.ShouldBeOfType<PluginResult<RouteState>.Failed>().Error.Kind;
}
