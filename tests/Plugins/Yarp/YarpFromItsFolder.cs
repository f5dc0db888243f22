using System.Runtime.Loader;
using Delivery.Plugins.Routing;
using Delivery.Plugins.Tests.Hosting;

namespace Delivery.Plugins.Tests.Yarp;

/// <summary>The built folder, as it lies beside the server: loaded by the host in its own context.</summary>
public sealed class YarpFromItsFolder : IDisposable
{
    private readonly PluginFolder _folder = new();

    [Fact]
    public async Task it_is_loaded_from_its_folder_and_routes()
    {
        var token = TestContext.Current.CancellationToken;
        _folder.Copy("Yarp", BuiltPlugins.FolderOf("Yarp"));
        await using var stable = await ArmService.StartAsync("stable", token);
        await using var canary = await ArmService.StartAsync("canary", token);
        await using var hosted = await Hosted.StartAsync(
            _folder,
            ("Instances:edge:Plugin", "yarp"),
            ("Instances:edge:Options:Listen:0", "http://127.0.0.1:0"),
            ("Instances:edge:Options:Routes:shop:Arms:stable", stable.Address.ToString()),
            ("Instances:edge:Options:Routes:shop:Arms:canary", canary.Address.ToString()));
        AssemblyLoadContext.GetLoadContext(hosted.Plugins.Installed.Single().Entry.GetType().Assembly).ShouldNotBe(AssemblyLoadContext.Default);
        var steered = await hosted.Steering.ApplyAsync("edge", new RouteIntent("shop", 1, "stable", [new("stable", 0), new("canary", 10_000)]), token);
        steered.Verification.ShouldBeOfType<Verification.Verified>();
        var at = hosted.Plugins.Router("edge")!.Descriptor.Backend.Split(' ')[^1];
        using var client = new HttpClient();
        (await client.GetStringAsync(new Uri(at), token)).ShouldBe("canary");
        (await hosted.Report.CheckAsync("edge", token))!.Ok.ShouldBeTrue();
    }

    public void Dispose() => _folder.Dispose();
}
