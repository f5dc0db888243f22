using System.Diagnostics;
using System.Reflection;

namespace Delivery.Plugins.Tests.ThirdParty;

/// <summary>The SDK's <c>dotnet</c>, as a plugin's author runs it.</summary>
internal static class DotnetTool
{
    /// <summary>This repository's folder.</summary>
    public static string Repository { get; } = Path.GetFullPath(
        typeof(DotnetTool).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "Repository").Value!);

    /// <summary>The contract that a server has beside it.</summary>
    public static string Contract { get; } = typeof(PluginContract).Assembly.Location;

    /// <summary>Runs a command; skips the test where packages can't be restored, fails it for any other error.</summary>
    public static async Task RunAsync(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["DOTNET_NOLOGO"] = "1", ["DOTNET_CLI_UI_LANGUAGE"] = "en", ["MSBUILDDISABLENODEREUSE"] = "1" },
        };
        // Those of the test run's own build are not the author's.
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("MSBuild", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(CancellationToken.None), process.StandardError.ReadToEndAsync(CancellationToken.None));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        var said = await output + await errors;
        Assert.SkipWhen(process.ExitCode != 0 && (said.Contains("NU1301", StringComparison.Ordinal) || said.Contains("NU1101", StringComparison.Ordinal)), $"packages can't be restored here: {said}");
        if (process.ExitCode != 0)
            Assert.Fail($"dotnet {string.Join(' ', arguments)}\n{said}");
    }
}
