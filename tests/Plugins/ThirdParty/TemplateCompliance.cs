using System.Text.Json;
using Delivery.Plugins.Compliance;
using Delivery.Plugins.Routing;

namespace Delivery.Plugins.Tests.ThirdParty;

/// <summary>What <c>dotnet new delivery-plugin</c> leaves passes what every router must, before anything is rewritten.</summary>
public sealed class TemplateCompliance : RouterCompliance
{
    protected override async Task<IRouterHarness> StartAsync(CancellationToken cancellationToken) => await FolderHarness.StartAsync(cancellationToken);
}

/// <summary>The template's router on its folder of files, and a process that follows them.</summary>
internal sealed class FolderHarness : IRouterHarness
{
    private readonly DirectoryInfo _folder;
    private readonly Spread _spread = new();
    private bool _canaryStopped;

    public required ITrafficRouter Router { get; init; }
    public string Route => "shop";
    public string Stable => "stable";
    public string Canary => "canary";
    public string WhyNoFault => "the example's backend is a folder; the guide's router, on a load balancer, has them";

    private string RouteFile => Path.Combine(_folder.FullName, "shop.json");

    public static async Task<FolderHarness> StartAsync(CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("delivery-template-");
        var router = await WrittenPlugin.Template.RouterAsync([("Folder", folder.FullName), ("Routes:shop:0", "stable"), ("Routes:shop:1", "canary")], cancellationToken);
        return new FolderHarness(folder) { Router = router };
    }

    private FolderHarness(DirectoryInfo folder) => _folder = folder;

    public async Task<string> SendAsync(RouterRequest request, CancellationToken cancellationToken)
    {
        var told = File.Exists(RouteFile) ? JsonSerializer.Deserialize<RouteIntent>(await File.ReadAllBytesAsync(RouteFile, cancellationToken)) : null;
        var matching = told?.Overrides.FirstOrDefault(o => o.Source == RequestPart.Cookie
            ? request.Cookie is var (cookie, crumb) && (cookie, crumb) == (o.Name, o.Value)
            : request.Header is var (header, value) && header.Equals(o.Name, StringComparison.OrdinalIgnoreCase) && value == o.Value);
        var arm = matching?.Arm ?? (told is null ? Stable : _spread.Pick(told.Arms.Select(a => (a.Arm, a.Weight))));
        return _canaryStopped && arm == Canary ? throw new InvalidOperationException("a lost request: nobody answers behind the canary") : arm;
    }

    public Task<bool> StopBackendAsync(CancellationToken cancellationToken) => Task.FromResult(false);

    public Task StartBackendAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopCanaryAsync(CancellationToken cancellationToken)
    {
        _canaryStopped = true;
        return Task.CompletedTask;
    }

    public async Task<bool> ChangeBehindAsync(CancellationToken cancellationToken)
    {
        var told = JsonSerializer.Deserialize<RouteIntent>(await File.ReadAllBytesAsync(RouteFile, cancellationToken))!;
        await File.WriteAllBytesAsync(RouteFile, JsonSerializer.SerializeToUtf8Bytes(told with { Arms = [new("stable", 9_000), new("canary", 1_000)] }), cancellationToken);
        return true;
    }

    public Task<ITrafficRouter?> WithFaultAsync(BackendFault fault, CancellationToken cancellationToken) => Task.FromResult<ITrafficRouter?>(null);

    public ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }
}
