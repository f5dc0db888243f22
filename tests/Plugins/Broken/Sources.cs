namespace Delivery.Plugins.Tests;

/// <summary>Plugins with one fault each, as source.</summary>
internal static class Sources
{
    /// <summary>A router in memory; the named method's body is replaced.</summary>
    public static string Router(string read = "return Ok(route);", string apply = "_last = intent; return Ok(intent.Route);", string abort = "return Ok(order.Route);", string create = "", string options = "", string faults = "", string members = "", string? watch = null) => $$"""
        public sealed class Options { {{options}} }

        public sealed class Entry : Plugin<ITrafficRouter, Options>
        {
            protected override ImmutableArray<Fault> Faults(Options options) { {{faults}} return ImmutableArray<Fault>.Empty; }

            protected override ValueTask<ITrafficRouter> CreateAsync(Options options, PluginContext context, CancellationToken cancellationToken)
            {
                {{create}}
                return ValueTask.FromResult<ITrafficRouter>(new Router(options, context));
            }
        }

        public sealed class Router : ITrafficRouter{{(watch is null ? "" : ", IWatchesRoutes")}}
        {
            private readonly Options _options;
            private readonly PluginContext _context;
            private RouteIntent _last;
            public Router(Options options, PluginContext context) { _options = options; _context = context; }
            {{members}}
            {{(watch is null ? "" : $"public async IAsyncEnumerable<RouteState> WatchAsync(string route, CancellationToken cancellationToken) {{ await Task.CompletedTask; {watch} }}")}}
            public RouterDescriptor Descriptor => new("memory", new RouterCapabilities { WeightStep = 1, Watches = {{(watch is null ? "false" : "true")}} }, ImmutableArray.Create(new RouteDescription("shop", ImmutableArray.Create("stable", "canary"))));
            public ImmutableArray<Fault> Validate(RouteIntent intent) => ImmutableArray<Fault>.Empty;
            private PluginResult<RouteState> Ok(string route) => new RouteState(route, "1", _last?.Generation, _last?.Arms ?? ImmutableArray<ArmWeight>.Empty, ImmutableArray<RouteOverride>.Empty);
            public async ValueTask<PluginResult<RouteState>> ReadAsync(string route, CancellationToken cancellationToken) { await Task.CompletedTask; {{read}} }
            public async ValueTask<PluginResult<RoutePlan>> PlanAsync(RouteIntent intent, RouteState seen, CancellationToken cancellationToken) { await Task.CompletedTask; return new RoutePlan(seen, ImmutableArray<string>.Empty, false); }
            public async ValueTask<PluginResult<RouteState>> ApplyAsync(RouteIntent intent, string seenRevision, CancellationToken cancellationToken) { await Task.CompletedTask; {{apply}} }
            public async ValueTask<Verification> VerifyAsync(RouteIntent intent, CancellationToken cancellationToken) { await Task.CompletedTask; return new Verification.Verified(((PluginResult<RouteState>.Ok)Ok(intent.Route)).Value); }
            public async ValueTask<PluginResult<RouteState>> AbortAsync(AbortOrder order, CancellationToken cancellationToken) { await Task.CompletedTask; {{abort}} }
        }
        """;

    /// <summary>A metric source with this body of its query.</summary>
    public static string Source(string query) => $$"""
        public sealed class Options { }

        public sealed class Entry : Plugin<Delivery.Plugins.Measuring.IMetricSource, Options>
        {
            protected override ValueTask<Delivery.Plugins.Measuring.IMetricSource> CreateAsync(Options options, PluginContext context, CancellationToken cancellationToken) =>
                ValueTask.FromResult<Delivery.Plugins.Measuring.IMetricSource>(new Source());
        }

        public sealed class Source : Delivery.Plugins.Measuring.IMetricSource
        {
            public Delivery.Plugins.Measuring.MetricSourceDescriptor Descriptor => new("the test", ImmutableArray.Create(new Delivery.Plugins.Measuring.MetricDescription("http", Delivery.Plugins.Measuring.MetricShape.Counts)));
            public ValueTask<PluginResult<Delivery.Plugins.Measuring.SourceCheck>> CheckAsync(CancellationToken cancellationToken) => ValueTask.FromResult<PluginResult<Delivery.Plugins.Measuring.SourceCheck>>(new Delivery.Plugins.Measuring.SourceCheck("the test", ImmutableArray<Fault>.Empty));
            public PluginResult<Delivery.Plugins.Measuring.NativeQuery> Explain(Delivery.Plugins.Measuring.MetricQuery query) => new Delivery.Plugins.Measuring.NativeQuery("none", ImmutableArray<string>.Empty);
            public async ValueTask<Delivery.Plugins.Measuring.MetricAnswer> QueryAsync(Delivery.Plugins.Measuring.MetricQuery query, CancellationToken cancellationToken) { await Task.CompletedTask; {{query}} }
        }
        """;

    /// <summary>Counts per arm that the test gives: application data "arms" is a function from the arm to trials and events.</summary>
    public static string Counts { get; } = Source("""
        var counts = (Func<string, (long Trials, long Events)>)AppContext.GetData("arms");
        var arms = new List<Delivery.Plugins.Measuring.ArmReading>();
        foreach (var arm in query.Arms)
            arms.Add(new(arm, new Delivery.Plugins.Measuring.ArmStatistics.Counts(counts(arm).Trials, counts(arm).Events), query.To));
        return new Delivery.Plugins.Measuring.MetricAnswer.Ok(new(arms.ToImmutableArray(), query.To));
        """);

    /// <summary>Answers that the test gives: application data "answers" is a function from the question.</summary>
    public static string Answers { get; } = Source("""
        return await ((Func<Delivery.Plugins.Measuring.MetricQuery, Task<Delivery.Plugins.Measuring.MetricAnswer>>)AppContext.GetData("answers"))(query);
        """);

    /// <summary>Blocks its thread for ever: the worst kind of hanging.</summary>
    public const string Blocks = "new ManualResetEvent(false).WaitOne(); return Ok(\"\");";

    /// <summary>Waits for what never comes, deaf to its token.</summary>
    public const string Waits = "await new TaskCompletionSource().Task; return Ok(\"\");";

    /// <summary>Keeps a megabyte, a timer and a task with every call.</summary>
    public const string Leaks = "Kept.Add(new byte[1 << 20]); Kept.Add(new Timer(_ => { }, null, 1000, 1000)); Kept.Add(new TaskCompletionSource().Task); return Ok(route);";
}
