using System.Diagnostics;
using System.Text.Json;
using Delivery.Testing.Node;

namespace Delivery.Plugins.Tests.Xds;

/// <summary>The peers of the tests; where one can't be used the test skips and says why.</summary>
internal static class LinePeers
{
    private const string PythonProgram = "/usr/bin/python3";

    private static readonly string[] Features = ["xds_v3"];
    private static readonly SemaphoreSlim One = new(1, 1);
    private static LinePeer? shared;

    /// <summary>The one Node process of all tests; each opens channels of its own.</summary>
    public static async Task<LinePeer> NodeOrSkipAsync(CancellationToken cancellationToken)
    {
        await NodePackages.SkipWhenMissingAsync();
        await One.WaitAsync(cancellationToken);
        try
        {
            if (shared is null)
            {
                shared = LinePeer.Node();
                AppDomain.CurrentDomain.ProcessExit += (_, _) => shared.Kill();
            }

            return shared;
        }
        finally
        {
            One.Release();
        }
    }

    /// <summary>A Python process of the test's own, for this control plane.</summary>
    public static async Task<LinePeer> PythonOrSkipAsync(string server, CancellationToken cancellationToken)
    {
        Assert.SkipUnless(File.Exists(PythonProgram), $"{PythonProgram} is missing");
        using var probe = Process.Start(new ProcessStartInfo(PythonProgram, ["-c", "import grpc"]) { RedirectStandardError = true })!;
        await probe.WaitForExitAsync(cancellationToken);
        Assert.SkipUnless(probe.ExitCode == 0, "python3-grpcio is missing");
        return LinePeer.Python(PythonProgram, JsonSerializer.Serialize(new
        {
            xds_servers = new[] { new { server_uri = server, channel_creds = new[] { new { type = "insecure" } }, server_features = Features } },
            node = new { id = "python" },
        }));
    }
}
