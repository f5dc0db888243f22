using BenchmarkDotNet.Running;
using Delivery.Benchmarks.Client;

namespace Delivery.Benchmarks;

internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        if (args is [KillPropagation.Name])
            return await KillPropagation.RunAsync(CancellationToken.None);
        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
        return 0;
    }
}
