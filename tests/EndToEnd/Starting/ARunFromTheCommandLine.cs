using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Delivery.EndToEnd.Tests.Platform;
using Npgsql;

namespace Delivery.EndToEnd.Tests.Starting;

public sealed class ARunFromTheCommandLine
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ctrl_c_ends_everything_it_started_and_leaves_no_address()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Ctrl-C is sent as a signal, and processes are looked up in /proc.");
        var folder = Directory.CreateTempSubdirectory("delivery-e2e-");
        var file = Path.Combine(folder.FullName, "state.json");
        using var run = Start("--Demo=false", "--Postgres:Ephemeral=true", $"--State:File={file}");
        try
        {
            await Eventually.HoldsAsync("the platform is ready", Patience, () => Task.FromResult(File.Exists(file) || run.HasExited), Cancel);
            var state = JsonSerializer.Deserialize<State>(await File.ReadAllTextAsync(file, Cancel), Api.Json)!;
            using var server = ServerProcess.At(state.Resources["server"].Url);

            // What a terminal sends on Ctrl-C, to the process it started.
            using (var signal = Process.Start("kill", ["-INT", run.Id.ToString(CultureInfo.InvariantCulture)]))
                await signal.WaitForExitAsync(Cancel);
            await run.WaitForExitAsync(Cancel).WaitAsync(Patience, Cancel);

            run.ExitCode.ShouldBe(0);
            File.Exists(file).ShouldBeFalse();
            server.HasExited.ShouldBeTrue();
            await using var database = NpgsqlDataSource.Create(state.ConnectionStrings["delivery"]);
            await Should.ThrowAsync<NpgsqlException>(async () => await database.OpenConnectionAsync(Cancel));
        }
        finally
        {
            // Its children see that it is gone and end by themselves.
            if (!run.HasExited)
                run.Kill();
            folder.Delete(recursive: true);
        }
    }

    /// <summary>
    /// As <c>dotnet run --project AppHost</c> does it once it has built. Who runs the tests in the background of a script has them ignore
    /// Ctrl-C, and whatever they start; a terminal does not.
    /// </summary>
    private static Process Start(params string[] options)
    {
        var start = new ProcessStartInfo("env", ["--default-signal=INT", "dotnet", typeof(Projects.AppHost).Assembly.Location, .. options]) { RedirectStandardOutput = true };
        var run = Process.Start(start)!;
        // Its output is ours, and a full pipe would stop it.
        run.OutputDataReceived += (_, line) => Console.WriteLine(line.Data);
        run.BeginOutputReadLine();
        return run;
    }
}
