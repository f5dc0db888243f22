using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Delivery.Testing;
using Delivery.Testing.Node;

namespace Delivery.Targeting.Tests.Ofrep;

/// <summary>OpenFeature's own JavaScript SDKs with their OFREP providers, against the real server on a real socket.</summary>
public sealed class OfficialClients(PostgresFixture postgres) : IAsyncLifetime
{
    private static readonly object User = new { targetingKey = "user-1", country = "DE" };

    private DeliveryServer? _server;
    private HttpClient _admin = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        if (await NodePackages.WhyMissingAsync() is not null)
            return;
        _server = new DeliveryServer(await postgres.CreateDatabaseAsync("ofrep"));
        _server.UseKestrel(0);
        _server.StartServer();
        _admin = _server.CreateClient();
        _admin.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", DeliveryServer.AdminKey);
        await _admin.GivenFlag("""
            { "key": "greeting", "type": "string", "clientVisible": true, "offVariant": "plain",
              "variants": [ { "key": "plain", "value": "Hello" }, { "key": "warm", "value": "Grüß dich" } ],
              "environments": { "production": { "rules": [
                { "id": "germany", "condition": { "attribute": "country", "operator": "in", "values": ["DE"] }, "serve": { "variant": "warm" } } ] } } }
            """);
        await _admin.GivenFlag("""{ "key": "limit", "type": "number", "clientVisible": true, "offVariant": "few", "variants": [ { "key": "few", "value": 2.5 } ] }""");
        await _admin.GivenFlag("""{ "key": "theme", "type": "object", "clientVisible": true, "offVariant": "dark", "variants": [ { "key": "dark", "value": { "colours": ["black", "grey"], "contrast": 7 } } ] }""");
        await _admin.GivenFlag("""{ "key": "half", "type": "boolean", "clientVisible": true, "environments": { "production": { "default": { "split": { "salt": "s", "weights": [ { "variant": "on", "weight": 1 }, { "variant": "off", "weight": 1 } ] } } } } }""");
        await _admin.GivenFlag("""{ "key": "disabled", "type": "boolean", "clientVisible": true, "environments": { "production": { "enabled": false } } }""");
        await _admin.GivenFlag("""{ "key": "secret", "type": "boolean" }""");
    }

    public async ValueTask DisposeAsync()
    {
        _admin?.Dispose();
        if (_server is not null)
            await _server.DisposeAsync();
    }

    [Fact]
    public async Task the_server_sdk_reads_every_type_with_variant_reason_and_metadata()
    {
        await using var sdk = await StartAsync();
        var key = await IssueAsync("server-sdk");

        var greeting = await sdk.AskAsync(Server(key, "greeting", "string", "none"), Cancel);
        greeting.Text("value").ShouldBe("Grüß dich");
        greeting.Text("variant").ShouldBe("warm");
        greeting.Text("reason").ShouldBe("TARGETING_MATCH");
        var metadata = greeting.GetProperty("flagMetadata");
        metadata.Text("version").ShouldBe("1");
        metadata.Text("flagSetId").ShouldBe("production");
        metadata.Text("contextId").ShouldBe("user-1");
        var limit = await sdk.AskAsync(Server(key, "limit", "number", 1), Cancel);
        limit.GetProperty("value").GetDouble().ShouldBe(2.5);
        limit.Text("reason").ShouldBe("STATIC");
        var theme = await sdk.AskAsync(Server(key, "theme", "object", new { }), Cancel);
        theme.GetProperty("value").GetProperty("colours")[1].GetString().ShouldBe("grey");
        (await sdk.AskAsync(Server(key, "half", "boolean", false), Cancel)).Text("reason").ShouldBe("SPLIT");
    }

    [Fact]
    public async Task the_server_sdk_gets_a_disabled_flags_value_and_every_error_by_its_code()
    {
        await using var sdk = await StartAsync();
        var key = await IssueAsync("server-sdk");

        var disabled = await sdk.AskAsync(Server(key, "disabled", "boolean", true), Cancel);
        disabled.Text("reason").ShouldBe("DISABLED");
        disabled.GetProperty("value").GetBoolean().ShouldBeFalse();
        var missing = await sdk.AskAsync(Server(key, "no-such-flag", "boolean", true), Cancel);
        missing.Text("errorCode").ShouldBe("FLAG_NOT_FOUND");
        missing.GetProperty("value").GetBoolean().ShouldBeTrue();
        (await sdk.AskAsync(Server(key, "greeting", "boolean", true), Cancel)).Text("errorCode").ShouldBe("TYPE_MISMATCH");
        var context = await sdk.AskAsync(new { @do = "server", key, flag = "greeting", type = "string", @default = "none", context = new { targetingKey = 7 } }, Cancel);
        context.Text("errorCode").ShouldBe("INVALID_CONTEXT");
        context.Text("errorMessage").ShouldBe("context.targetingKey is a string.");
        var refused = await sdk.AskAsync(Server("dlv_server-sdk_00000000000000ee_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "greeting", "string", "none"), Cancel);
        refused.Text("value").ShouldBe("none");
        refused.Text("reason").ShouldBe("ERROR");
    }

    [Fact]
    public async Task the_web_sdk_sees_client_visible_flags_and_follows_changes_by_server_sent_events()
    {
        await using var sdk = await StartAsync();
        var key = await IssueAsync("client-sdk");

        var opened = await sdk.AskAsync(new { @do = "open", page = "shop", key, context = User }, Cancel);
        opened.Text("status").ShouldBe("READY");
        opened.GetProperty("flags").EnumerateArray().Select(flag => flag.GetString()).ShouldBe(["disabled", "greeting", "half", "limit", "theme"]);
        (await Read(sdk, "greeting", "string", "none")).Text("value").ShouldBe("Grüß dich");
        (await Read(sdk, "disabled", "boolean", true)).Text("reason").ShouldBe("DISABLED");
        (await Read(sdk, "secret", "boolean", true)).Text("errorCode").ShouldBe("FLAG_NOT_FOUND");

        await sdk.AskAsync(new { @do = "watch", page = "shop" }, Cancel);
        await Post("secret", "kill");
        await Post("greeting", "kill");
        var changed = await sdk.AskAsync(new { @do = "changed", page = "shop" }, Cancel);
        changed.GetProperty("flagsChanged").EnumerateArray().Select(flag => flag.GetString()).ShouldBe(["greeting"]);
        var killed = await Read(sdk, "greeting", "string", "none");
        killed.Text("value").ShouldBe("Hello");
        killed.Text("reason").ShouldBe("DISABLED");
        await Post("greeting", "restore");
        await sdk.AskAsync(new { @do = "changed", page = "shop" }, Cancel);
        (await Read(sdk, "greeting", "string", "none")).Text("value").ShouldBe("Grüß dich");
    }

    [Fact]
    public async Task the_web_sdk_evaluates_anew_for_another_context()
    {
        await using var sdk = await StartAsync();
        await sdk.AskAsync(new { @do = "open", page = "shop", key = await IssueAsync("client-sdk"), context = User }, Cancel);

        await sdk.AskAsync(new { @do = "context", page = "shop", context = new { targetingKey = "user-2", country = "FR" } }, Cancel);

        var greeting = await Read(sdk, "greeting", "string", "none");
        greeting.Text("value").ShouldBe("Hello");
        greeting.GetProperty("flagMetadata").Text("contextId").ShouldBe("user-2");
    }

    [Fact]
    public async Task the_web_sdk_is_told_that_its_key_opens_nothing()
    {
        await using var sdk = await StartAsync();
        var opened = await sdk.AskAsync(new { @do = "open", page = "shop", key = "dlv_client-sdk_00000000000000ee_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", context = User }, Cancel);
        opened.Text("error").ShouldNotBeNullOrEmpty();
    }

    private async Task<NodeScript> StartAsync()
    {
        await NodePackages.SkipWhenMissingAsync();
        return NodeScript.Start("openfeature.mjs", _server!.ClientOptions.BaseAddress.ToString().TrimEnd('/'));
    }

    private static object Server(string key, string flag, string type, object fallback) =>
        new { @do = "server", key, flag, type, @default = fallback, context = User };

    private static Task<JsonElement> Read(NodeScript sdk, string flag, string type, object fallback) =>
        sdk.AskAsync(new { @do = "read", page = "shop", flag, type, @default = fallback }, Cancel);

    private async Task Post(string flag, string deed)
    {
        using var done = await _admin.PostJson($"/api/v1/flags/{flag}/environments/production/{deed}", "{}");
        await done.Json();
    }

    private async Task<string> IssueAsync(string role)
    {
        using var issued = await _admin.PostAsJsonAsync("/api/v1/keys", new { name = $"test {role}", role, environment = "production" }, Cancel);
        return (await issued.Json()).Text("key")!;
    }
}
