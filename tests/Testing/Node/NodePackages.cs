using System.Diagnostics;
using System.Security.Cryptography;

namespace Delivery.Testing.Node;

/// <summary>
/// The npm packages of <c>tests/Node</c>: what other vendors ship, to compare with. Installed once a checkout, into the
/// git-ignored <c>tests/Node/node_modules</c>, by whichever process comes first; the others wait for it.
/// </summary>
public static class NodePackages
{
    private static readonly Lazy<Task<string?>> Missing = new(InstallAsync);

    /// <summary>The folder of the scripts and of <c>package.json</c>.</summary>
    public static string Folder { get; } = Find(new DirectoryInfo(AppContext.BaseDirectory));

    /// <summary>Installs the packages if this checkout has not got them yet.</summary>
    /// <returns>Null when they can be used; otherwise why they can't: no Node, no npm, or no registry.</returns>
    public static Task<string?> WhyMissingAsync() => Missing.Value;

    /// <summary>A file that a package ships.</summary>
    /// <param name="path">Below <c>node_modules</c>, such as <c>@unleash/client-specification/specifications</c>.</param>
    public static string PathOf(string path) => Path.Combine(Folder, "node_modules", path);

    /// <summary>In a test: skips it, visibly and with the reason, where the packages can't be used.</summary>
    public static async Task SkipWhenMissingAsync()
    {
        var reason = await WhyMissingAsync();
        Assert.SkipWhen(reason is not null, reason ?? "");
    }

    private static async Task<string?> InstallAsync()
    {
        if (await RunAsync("node", "--version") is { } noNode)
            return $"Node.js 20 or newer is needed on the path: {noNode}";
        var wanted = Convert.ToHexString(SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(Folder, "package-lock.json"))));
        var installed = PathOf(".delivery-installed");
        using var alone = await TakeTurnAsync();
        if (File.Exists(installed) && await File.ReadAllTextAsync(installed) == wanted)
            return null;
        if (await RunAsync("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund") is { } failed)
            return $"npm ci in tests/Node failed: {failed}";
        await File.WriteAllTextAsync(installed, wanted);
        return null;
    }

    /// <summary>One process at a time; the system lets the lock go even when its holder is killed.</summary>
    private static async Task<FileStream> TakeTurnAsync()
    {
        var path = Path.Combine(Directory.CreateDirectory(Path.Combine(Folder, "obj")).FullName, "npm.lock");
        for (var waited = Stopwatch.StartNew(); ;)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (waited.Elapsed < TimeSpan.FromMinutes(3))
            {
                await Task.Delay(100);
            }
        }
    }

    /// <returns>Null when the command ended well; otherwise what it said.</returns>
    private static async Task<string?> RunAsync(string command, params string[] arguments)
    {
        var start = new ProcessStartInfo(OperatingSystem.IsWindows() && command == "npm" ? "npm.cmd" : command, arguments)
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        try
        {
            using var process = Process.Start(start) ?? throw new InvalidOperationException($"{command} did not start");
            var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
            await process.WaitForExitAsync(limit.Token);
            return process.ExitCode == 0 ? null : $"{command} exited with {process.ExitCode}: {string.Concat(said).Trim()}";
        }
        catch (Exception exception) when (exception is System.ComponentModel.Win32Exception or OperationCanceledException)
        {
            return exception.Message;
        }
    }

    private static string Find(DirectoryInfo? directory) => directory is null
        ? throw new InvalidOperationException("Delivery.sln is not above the tests: run them from a checkout")
        : File.Exists(Path.Combine(directory.FullName, "Delivery.sln"))
            ? Path.Combine(directory.FullName, "tests", "Node")
            : Find(directory.Parent);
}
