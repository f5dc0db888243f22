using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Engines;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Delivery.Benchmarks.Metrics;

/// <summary>One call is a whole run of seconds: a warm-up and three measurements, in this process.</summary>
internal sealed class WholeRuns : ManualConfig
{
    public WholeRuns() => AddJob(Job.Default
        .WithToolchain(InProcessEmitToolchain.Instance).WithStrategy(RunStrategy.Monitoring)
        .WithWarmupCount(1).WithIterationCount(3).WithInvocationCount(1).WithUnrollFactor(1));
}
