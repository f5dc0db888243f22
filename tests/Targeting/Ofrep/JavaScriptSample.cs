using System.Diagnostics;
using System.Text.Json;
using Delivery.Testing;
using Delivery.Testing.Node;

namespace Delivery.Targeting.Tests.Ofrep;

/// <summary>samples/JavaScript does what its README shows.</summary>
public sealed class JavaScriptSample(PostgresFixture postgres)
{
    private static readonly string Sample = Path.GetFullPath(Path.Combine(NodePackages.Folder, "..", "..", "samples", "JavaScript"));

    [Fact]
    public async Task it_prints_what_the_readme_shows_each_time()
    {
        await NodePackages.SkipWhenMissingAsync();
        await using var server = new DeliveryServer(await postgres.CreateDatabaseAsync("sample"));
        server.UseKestrel(0);
        server.StartServer();
        // Below tests/Node, so that Node finds the packages installed there.
        var copy = Directory.CreateDirectory(Path.Combine(NodePackages.Folder, "obj", $"sample-{Environment.ProcessId}"));
        try
        {
            foreach (var script in Directory.EnumerateFiles(Sample, "*.mjs"))
                File.Copy(script, Path.Combine(copy.FullName, Path.GetFileName(script)), overwrite: true);

            for (var run = 0; run < 2; run++)
            {
                var said = await RunAsync(Path.Combine(copy.FullName, "index.mjs"), server.ClientOptions.BaseAddress.ToString().TrimEnd('/'));
                said[0].ShouldStartWith("service: anna reads \"Grüß dich\" (warm, TARGETING_MATCH, flag version ");
                said[1].ShouldStartWith("service: bob reads \"Hello\" (plain, DEFAULT, flag version ");
                said[2..].ShouldBe([
                    "page: anna reads \"Grüß dich\"",
                    "someone configures the flag to serve the short greeting ...",
                    "page: told that javascript-greeting changed; anna reads \"Moin\"",
                ]);
            }
        }
        finally
        {
            copy.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task its_packages_are_the_ones_that_are_tested()
    {
        using var sample = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(Sample, "package.json"), TestContext.Current.CancellationToken));
        using var tested = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(NodePackages.Folder, "package.json"), TestContext.Current.CancellationToken));
        foreach (var package in sample.RootElement.GetProperty("dependencies").EnumerateObject())
            package.Value.GetString().ShouldBe(tested.RootElement.GetProperty("dependencies").Text(package.Name), package.Name);
    }

    private static async Task<string[]> RunAsync(string script, string server)
    {
        using var process = Process.Start(new ProcessStartInfo("node", [script, server, DeliveryServer.AdminKey])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = System.Text.Encoding.UTF8,
        })!;
        try
        {
            var cancel = TestContext.Current.CancellationToken;
            var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(cancel), process.StandardError.ReadToEndAsync(cancel));
            await process.WaitForExitAsync(cancel);
            process.ExitCode.ShouldBe(0, said[1]);
            return said[0].Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }
}
