using BenchmarkDotNet.Running;
using Delivery.Benchmarks.Client;
using Delivery.Benchmarks.Evaluation;

namespace Delivery.Benchmarks;

internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        if (args is [KillPropagation.Name])
            return await KillPropagation.RunAsync(CancellationToken.None);
        if (args is [SnapshotLimits.Name])
            return SnapshotLimits.Run();
        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
        return 0;
    }
}
