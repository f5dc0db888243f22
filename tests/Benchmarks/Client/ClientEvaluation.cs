using System.Net;
using System.Text;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Delivery.Client;
using Delivery.Evaluation;

namespace Delivery.Benchmarks.Client;

/// <summary>
/// One evaluation through the SDK with its exposure recorded, as an application pays for it; <c>Allocated</c> must be 0 B
/// for boolean and string flags. The intake takes everything at once, so that recording and not a full ring is measured.
/// Run: <c>dotnet run -c Release --project tests/Benchmarks -- --filter '*ClientEvaluation*'</c>.
/// </summary>
[MemoryDiagnoser]
public class ClientEvaluation : IAsyncDisposable
{
    private readonly EvaluationContext _context = EvaluationContext.For("user-4711").With("country", "DE").With("plan", "pro").Build();
    private DeliveryClient _client = null!;
    private DeliveryClient _offline = null!;

    [GlobalSetup]
    public async Task Start()
    {
        _client = new DeliveryClient(new DeliveryClientOptions
        {
            ServerUrl = new Uri("http://benchmark.test"),
            Key = "key",
            KeepRulesetOnDisk = false,
            ExposureQueueCapacity = 262_144,
            BatchSize = 5_000,
            CreateHandler = () => new TakingServer(),
        });
        await _client.StartAsync();
        _offline = DeliveryClient.Offline(TakingServer.Ruleset);
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
    public bool Boolean() => _client.EvaluateBoolean("new-checkout", _context, false);

    [Benchmark]
    public string String() => _client.EvaluateString("banner", _context, "none");

    [Benchmark]
    public FlagDetails<bool> BooleanDetails() => _client.EvaluateBooleanDetails("new-checkout", _context, false);

    /// <summary>A server that sends one ruleset and acknowledges everything.</summary>
    private sealed class TakingServer : HttpMessageHandler
    {
        internal static Ruleset Ruleset { get; } = new() { Environment = "production", Sequence = 1, Flags = [Flag("new-checkout", FlagType.Boolean, "true", "false"), Flag("banner", FlagType.String, "\"blue\"", "\"grey\"")] };

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK)
            {
                Content = request.RequestUri!.AbsolutePath == "/sdk/v1/stream"
                    ? new StreamContent(new OpenStream(Encoding.UTF8.GetBytes($"event: ruleset\ndata: {Encoding.UTF8.GetString(RulesetJson.Write(Ruleset))}\n\n")))
                    : new StringContent("""{"accepted":1,"rejected":[],"duplicate":false}"""),
            });

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

    /// <summary>Gives its bytes and then stays open, as an idle stream does.</summary>
    private sealed class OpenStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = Read(buffer.Span);
            if (read == 0)
                await Task.Delay(Timeout.Infinite, cancellationToken);
            return read;
        }
    }
}
