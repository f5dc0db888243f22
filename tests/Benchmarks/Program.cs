using BenchmarkDotNet.Running;
using Delivery.Benchmarks.Client;
using Delivery.Benchmarks.Evaluation;
using Delivery.Benchmarks.Evaluation.Goals;
using Delivery.Benchmarks.Exposures;
using Delivery.Benchmarks.Metrics;
using Delivery.Benchmarks.Routing;
using Delivery.Benchmarks.Targeting;

namespace Delivery.Benchmarks;

internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        switch (args)
        {
            case [KillPropagation.Name]:
                return await KillPropagation.RunAsync(CancellationToken.None);
            case [SnapshotLimits.Name]:
                return SnapshotLimits.Run();
            case [IntakeRatio.Name, .. var options]:
                return await IntakeRatio.RunAsync(options, CancellationToken.None);
            case [MomentThroughput.Name, .. var options]:
                return MomentThroughput.Run(options);
            case [Refresh.Name]:
                return Refresh.Run();
            case [ScorecardDelay.Name, .. var options]:
                return await ScorecardDelay.RunAsync(options, CancellationToken.None);
            case [VerifyRatio.Name, .. var options]:
                return await VerifyRatio.RunAsync(options, CancellationToken.None);
            case [Overload.Name, .. var options]:
                return await Overload.RunAsync(options, CancellationToken.None);
            case [UnitHistory.Name, .. var options]:
                return await UnitHistory.RunAsync(options, CancellationToken.None);
            case [EngineGoals.Name]:
                return await EngineGoals.RunAsync(CancellationToken.None);
            case [RouteEffect.Name]:
                return await RouteEffect.RunAsync(CancellationToken.None);
            case [EmptyServer.Name, var answer]:
                return await EmptyServer.RunAsync(answer, CancellationToken.None);
            case [OfrepThroughput.Name, .. var options]:
                return await OfrepThroughput.RunAsync(options, CancellationToken.None);
            default:
                BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
                return 0;
        }
    }
}
