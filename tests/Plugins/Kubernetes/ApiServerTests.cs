using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Delivery.Plugins.Tests.Kubernetes;

/// <summary>The double itself, asked by hand: it has to refuse what an API server refuses.</summary>
public sealed class ApiServerTests : IAsyncLifetime
{
    private static readonly string Path = KubernetesHarness.PathOf(istio: false);
    private readonly HttpClient _client = new();
    private ApiServer _server = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await ApiServer.StartAsync(Token);
        _client.BaseAddress = _server.Address;
        _server.Store.Controller = Objects.Accept;
        _server.Store.Put(Path, Objects.HttpRoute(), null);
        _server.Store.Put(KubernetesHarness.PathOf(istio: true), Objects.VirtualService(), null);
        _server.Store.Put(KubernetesHarness.RulePath, Objects.DestinationRule(), null);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public void the_objects_that_tests_begin_with_are_valid_by_the_published_schemas()
    {
        foreach (var (found, plural) in new[] { (Objects.HttpRoute(), "httproutes"), (Objects.VirtualService(), "virtualservices"), (Objects.DestinationRule(), "destinationrules") })
        {
            var schema = CrdSchema.All.Single(s => s.Plural == plural);
            schema.Invalid(found).ShouldBeEmpty();
            schema.Unknown(found).ShouldBeEmpty();
            ((string?)found["apiVersion"], (string?)found["kind"]).ShouldBe((schema.ApiVersion, schema.Kind));
        }
    }

    [Theory]
    [InlineData("""{"spec":{"rules":[{"backendRefs":[{"name":"stable","port":80,"weight":-1}]}]}}""", 422)]
    [InlineData("""{"spec":{"rules":[{"backendRefs":[{"name":"stable","port":80,"weight":1000001}]}]}}""", 422)]
    [InlineData("""{"spec":{"rules":[{"backendRefs":[{"name":"stable","port":80,"weight":"5"}]}]}}""", 422)]
    [InlineData("""{"spec":{"rules":[{"backendRefs":[{"port":80}]}]}}""", 422)]
    [InlineData("""{"spec":{"rules":[{"matches":[{"headers":[{"name":"not a header","value":"x"}]}]}]}}""", 422)]
    [InlineData("""{"spec":{"rules":[{"matches":[{"path":{"type":"Guess"}}]}]}}""", 422)]
    [InlineData("""{"spec":{"rules":[{"backendRef":[]}]}}""", 400)]
    [InlineData("""{"spec":{"rules":[{"backendRefs":[{"name":"stable","port":80}]}]}}""", 200)]
    public async Task a_patch_is_held_against_the_schema(string patch, int status)
    {
        var before = _server.Store.Get(Path)!;
        (await PatchAsync(Path, patch)).Status.ShouldBe(status);
        if (status != 200)
            JsonNode.DeepEquals(_server.Store.Get(Path), before).ShouldBeTrue();
    }

    [Theory]
    [InlineData("""{"spec":{"http":[{"route":[{"weight":5}]}]}}""", 422)]
    [InlineData("""{"spec":{"http":[{"match":[{"headers":{"a":{"exact":"1","regex":"2"}}}],"route":[{"destination":{"host":"shop"}}]}]}}""", 422)]
    [InlineData("""{"spec":{"http":[{"routes":[]}]}}""", 400)]
    [InlineData("""{"spec":{"http":[{"match":[{"headers":{"a":{"exact":"1"}}}],"route":[{"destination":{"host":"shop"},"weight":7}]}]}}""", 200)]
    public async Task a_patch_of_istios_is_held_against_its_schema(string patch, int status) =>
        (await PatchAsync(KubernetesHarness.PathOf(istio: true), patch)).Status.ShouldBe(status);

    [Fact]
    public async Task more_rules_than_the_schema_allows_are_refused()
    {
        var rules = new JsonArray([.. Enumerable.Range(0, 17).Select(JsonNode (_) => new JsonObject())]);
        (await PatchAsync(Path, new JsonObject { ["spec"] = new JsonObject { ["rules"] = rules } }.ToJsonString())).Status.ShouldBe(422);
    }

    [Fact]
    public async Task defaults_are_filled_in()
    {
        var (_, patched) = await PatchAsync(Path, """{"spec":{"rules":[{"backendRefs":[{"name":"stable","port":80}]}]}}""");
        var rule = patched["spec"]!["rules"]![0]!;
        ((int)rule["backendRefs"]![0]!["weight"]!).ShouldBe(1);
        ((string)rule["backendRefs"]![0]!["kind"]!).ShouldBe("Service");
        ((string)rule["matches"]![0]!["path"]!["value"]!).ShouldBe("/");
    }

    [Fact]
    public async Task an_old_version_is_a_conflict_and_a_new_one_is_given()
    {
        var version = (string)_server.Store.Get(Path)!["metadata"]!["resourceVersion"]!;
        var patch = new JsonObject { ["metadata"] = new JsonObject { ["resourceVersion"] = version, ["annotations"] = new JsonObject { ["a"] = "1" } } }.ToJsonString();
        var (status, patched) = await PatchAsync(Path, patch);
        status.ShouldBe(200);
        ((string)patched["metadata"]!["resourceVersion"]!).ShouldNotBe(version);
        ((string)patched["metadata"]!["annotations"]!["somebody"]!).ShouldBe("else");
        (await PatchAsync(Path, patch)).Status.ShouldBe(409);
    }

    [Fact]
    public async Task the_generation_counts_changes_of_the_spec_only()
    {
        var before = (long)_server.Store.Get(Path)!["metadata"]!["generation"]!;
        var (_, annotated) = await PatchAsync(Path, """{"metadata":{"annotations":{"a":"1"}}}""");
        ((long)annotated["metadata"]!["generation"]!).ShouldBe(before);
        var (_, changed) = await PatchAsync(Path, """{"spec":{"hostnames":["other.example"]}}""");
        ((long)changed["metadata"]!["generation"]!).ShouldBe(before + 1);
        var (_, same) = await PatchAsync(Path, """{"spec":{"hostnames":["other.example"]}}""");
        ((string)same["metadata"]!["resourceVersion"]!).ShouldBe((string)changed["metadata"]!["resourceVersion"]!, "writing what is there writes nothing");
    }

    [Fact]
    public async Task a_dry_run_changes_nothing_and_checks_everything()
    {
        var before = _server.Store.Get(Path)!;
        var (status, tried) = await PatchAsync(Path, """{"spec":{"hostnames":["other.example"]}}""", "&dryRun=All");
        status.ShouldBe(200);
        ((string)tried["spec"]!["hostnames"]![0]!).ShouldBe("other.example");
        JsonNode.DeepEquals(_server.Store.Get(Path), before).ShouldBeTrue();
        (await PatchAsync(Path, """{"spec":{"hostnames":["not a name"]}}""", "&dryRun=All")).Status.ShouldBe(422);
    }

    [Fact]
    public async Task a_watch_tells_of_changes_after_its_version()
    {
        var version = (string)_server.Store.Get(Path)!["metadata"]!["resourceVersion"]!;
        var collection = Path[..Path.LastIndexOf('/')];
        using var lines = new StreamReader(await _client.GetStreamAsync(new Uri($"{collection}?watch=1&fieldSelector=metadata.name%3Dshop&resourceVersion={version}", UriKind.Relative), Token));
        await PatchAsync(KubernetesHarness.RulePath, """{"metadata":{"annotations":{"a":"1"}}}""");
        await PatchAsync(Path, """{"metadata":{"annotations":{"a":"2"}}}""");
        var change = JsonNode.Parse((await lines.ReadLineAsync(Token))!)!;
        ((string)change["type"]!).ShouldBe("MODIFIED");
        ((string)change["object"]!["metadata"]!["annotations"]!["a"]!).ShouldBe("2");
    }

    [Fact]
    public async Task what_is_not_allowed_not_there_or_too_much_has_its_status()
    {
        _server.Token = "right";
        (await _client.GetAsync(new Uri(Path, UriKind.Relative), Token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "right");
        (await _client.GetAsync(new Uri(Path, UriKind.Relative), Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await _client.GetAsync(new Uri(Path + "x", UriKind.Relative), Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        _server.Instead.Enqueue((429, 7));
        var throttled = await _client.GetAsync(new Uri(Path, UriKind.Relative), Token);
        (throttled.StatusCode, throttled.Headers.RetryAfter?.Delta).ShouldBe((HttpStatusCode.TooManyRequests, TimeSpan.FromSeconds(7)));
    }

    [Fact]
    public void a_merge_patch_is_merged_by_its_specification()
    {
        var target = JsonNode.Parse("""{"a":{"b":1,"c":2},"d":[1,2],"e":"x"}""")!.AsObject();
        ApiServer.Merge(target, JsonNode.Parse("""{"a":{"b":null,"f":{"g":null,"h":1}},"d":[3],"e":null}""")!.AsObject());
        target.ToJsonString().ShouldBe("""{"a":{"c":2,"f":{"h":1}},"d":[3]}""");
    }

    private async Task<(int Status, JsonObject Body)> PatchAsync(string path, string patch, string query = "")
    {
        using var content = new StringContent(patch, Encoding.UTF8, "application/merge-patch+json");
        using var response = await _client.PatchAsync(new Uri($"{path}?fieldValidation=Strict{query}", UriKind.Relative), content, Token);
        return ((int)response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync(Token))!.AsObject());
    }
}
