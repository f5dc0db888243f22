namespace Delivery.Shop.Demo;

/// <summary>The bodies of the demo's calls.</summary>
internal static class DemoPlan
{
    internal const string Team = "shop-team";
    internal const string Environment = "production";
    internal const string KeyName = "shop";

    internal static object TeamBody(Uri hook, string secret) => new
    {
        name = "Shop team",
        channels = new[] { new { key = "webhook", kind = "webhook", url = hook.AbsoluteUri, secret } },
        comment = "the demo's team listens where the shop listens now",
    };

    internal static object KeyBody { get; } = new { name = KeyName, role = "server-sdk", environment = Environment, comment = "the shop evaluates and reports with it" };

    internal static object FlagBody(string key) => new
    {
        key,
        type = "boolean",
        owner = Team,
        description = Describe(key),
        comment = "deployed with the shop, dark until it is released",
    };

    internal static object RolloutBody(string key, DemoOptions options) => new
    {
        key,
        flag = key,
        environment = Environment,
        variant = "on",
        stages = options.Stages.Select(StageBody).ToArray(),
        guardrails = new object[]
        {
            new { metric = "latency-p95", marginMilliseconds = options.LatencyMarginMilliseconds, alpha = 0.01 },
            new { metric = "errors", marginPoints = options.ErrorMarginPoints, alpha = 0.01 },
        },
        comment = $"release: {Describe(key)}",
    };

    private static Dictionary<string, object> StageBody(DemoStage stage)
    {
        var body = new Dictionary<string, object>
        {
            ["name"] = stage.Name,
            ["exposurePercent"] = stage.ExposurePercent,
            ["minimumSeconds"] = stage.MinimumSeconds,
            ["minimumExposures"] = stage.MinimumExposures,
        };
        if (stage.DevTeam)
            body["ring"] = new { attribute = "ring", @operator = "in", values = new[] { "dev-team" } };
        return body;
    }

    private static string Describe(string key) => key switch
    {
        _ when key.StartsWith("new-checkout", StringComparison.Ordinal) => "a new checkout",
        _ when key.StartsWith("fast-search", StringComparison.Ordinal) => "a faster search",
        _ => "recommendations from a new model",
    };
}
