using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Delivery.Client;
using Delivery.Client.Reporting;
using Delivery.Evaluation;

namespace Delivery.Benchmarks.Client;

/// <summary>
/// One evaluation through the SDK with its exposure recorded, as an application pays for it; <c>Allocated</c> must be 0 B
/// for boolean and string flags.
/// Run: <c>dotnet run -c Release --project tests/Benchmarks -- --filter '*ClientEvaluation*'</c>.
/// </summary>
/// <remarks>
/// The diagnoser counts what the whole process allocates, so the sender is not started (it writes JSON on its own thread,
/// a few bytes a record); each record is taken out of the queue again, so that a full queue is not measured.
/// </remarks>
[MemoryDiagnoser]
public class ClientEvaluation : IAsyncDisposable
{
    private static readonly Ruleset Rules = new()
    {
        Environment = "production",
        Sequence = 1,
        Flags = [Flag("new-checkout", FlagType.Boolean, "true", "false"), Flag("banner", FlagType.String, "\"blue\"", "\"grey\"")],
    };

    private readonly EvaluationContext _context = EvaluationContext.For("user-4711").With("country", "DE").With("plan", "pro").Build();
    private readonly DeliveryClient _offline = DeliveryClient.Offline(Rules);
    private readonly DeliveryClient _client = new(new DeliveryClientOptions { ServerUrl = new Uri("http://benchmark.test"), Key = "key", KeepRulesetOnDisk = false });
    private BoundedRing<ExposureRecord> _queue = null!;

    [GlobalSetup]
    public void Start()
    {
        _client.Served.TryReplace(Rules, RulesetOrigin.Fixed);
        _queue = _client.Connection!.Exposures.Queue;
    }

    [GlobalCleanup]
    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await _offline.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Benchmark(Baseline = true)]
    public bool BooleanWithoutExposure() => _offline.EvaluateBoolean("new-checkout", _context, false);

    [Benchmark]
    public bool Boolean() => _client.EvaluateBoolean("new-checkout", _context, false) & _queue.TryRead(out _);

    [Benchmark]
    public string String() => _client.EvaluateString("banner", _context, _queue.TryRead(out _) ? "none" : "nothing");

    [Benchmark]
    public FlagDetails<bool> BooleanDetails() => _client.EvaluateBooleanDetails("new-checkout", _context, _queue.TryRead(out _));

    private static FlagDefinition Flag(string key, FlagType type, string on, string off) => new()
    {
        Key = key,
        Type = type,
        Enabled = true,
        OffVariant = "off",
        Variants = [new Variant { Key = "on", Value = Json(on) }, new Variant { Key = "off", Value = Json(off) }],
        Rules =
        [
            new Rule
            {
                Id = "half",
                Condition = new Condition.Attribute { Name = "country", Operator = ConditionOperator.In, Values = [Json("\"DE\""), Json("\"FR\"")] },
                Serve = new Serve.Split(new Split(999_999) { Salt = "salt", Weights = [new VariantWeight("on", 1), new VariantWeight("off", 1)] }),
            },
        ],
    };

    private static JsonElement Json(string json) => JsonElement.Parse(json);
}
