using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Delivery.Evaluation;

namespace Delivery.Exposures.Tests.Verifying;

/// <summary>Exposures as an SDK makes them: it downloads the ruleset, evaluates, and records what the decision read.</summary>
internal static class Evaluated
{
    public static async Task<Snapshot> SnapshotAsync(Ledger ledger, string environment = "production")
    {
        var response = await ledger.Http.GetAsync($"/sdk/v1/ruleset?environment={environment}", TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
        return Snapshot.Compile(RulesetJson.Read(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)));
    }

    /// <summary>An empty object says that there were no attributes; without the member nobody could tell.</summary>
    public static JsonObject Exposure(Snapshot snapshot, int number, string flag, string unit, JsonObject? attributes = null, DateTimeOffset? time = null)
    {
        var context = new JsonObject { ["targetingKey"] = unit };
        foreach (var (name, value) in attributes ?? [])
            context[name] = value?.DeepClone();
        var result = snapshot.Evaluate(flag, EvaluationContext.FromJson(JsonSerializer.SerializeToElement(context)));
        var exposure = Exposures.Make(number, flag, result.VariantKey!, unit, time)
            .With("reason", JsonNamingPolicy.SnakeCaseUpper.ConvertName(result.Reason.ToString()))
            .With("ruleId", result.Why.RuleId)
            .With("flagVersion", result.FlagVersion)
            .With("sequence", result.Sequence)
            .With("attributes", attributes?.DeepClone() ?? new JsonObject());
        return exposure.Without("unitKind");
    }

    public static async Task<JsonElement> SentAsync(Ledger ledger, HttpMethod method, string path, string body)
    {
        using var request = new HttpRequestMessage(method, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        return await Ledger.Json(await ledger.Http.SendAsync(request, TestContext.Current.CancellationToken));
    }

    public static Task<JsonElement> FlagAsync(Ledger ledger, string key, string? owner = null) => SentAsync(
        ledger, HttpMethod.Post, "/api/v1/flags", JsonSerializer.Serialize(new { key, type = "boolean", owner }, JsonSerializerOptions.Web).Replace(",\"owner\":null", "", StringComparison.Ordinal));

    /// <summary>Germans get on; of the others so many parts of ten thousand.</summary>
    public static Task<JsonElement> ConfigureAsync(Ledger ledger, string flag, int onWeight, string country = "DE") => SentAsync(
        ledger, HttpMethod.Put, $"/api/v1/flags/{flag}/environments/production", $$"""
        { "default": { "variant": "off" }, "rules": [
          { "id": "by-country", "condition": { "attribute": "country", "operator": "equals", "values": ["{{country}}"] }, "serve": { "variant": "on" } },
          { "id": "half", "serve": { "split": { "salt": "{{flag}}", "weights": [ { "variant": "on", "weight": {{onWeight}} }, { "variant": "off", "weight": {{10_000 - onWeight}} } ] } } } ] }
        """);
}
