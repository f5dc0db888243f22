using Delivery.Plugins.Host;

namespace Delivery.Plugins.Tests.Hosting;

/// <summary>A plugin's own schema decides what its configuration may be.</summary>
public sealed class OptionsTests : IDisposable
{
    private const string Options = """
        [System.ComponentModel.DataAnnotations.Required] public Uri Url { get; set; }
        [System.ComponentModel.Description("How long to wait, in seconds.")] [System.ComponentModel.DataAnnotations.Range(0.1, 60)] public double Seconds { get; set; } = 5;
        public Secret Password { get; set; }
        public RequestPart Part { get; set; }
        public Dictionary<string, Route> Routes { get; set; } = new();
        public sealed class Route { [System.ComponentModel.DataAnnotations.Required] public string Stable { get; set; } public List<int> Ports { get; set; } = new(); }
        """;

    private readonly PluginFolder _folder = new();

    [Fact]
    public async Task what_fits_is_bound_and_shown_without_the_secret()
    {
        Environment.SetEnvironmentVariable("DELIVERY_TEST_PASSWORD", "hunter2-hunter2");
        await using var hosted = await StartAsync(
            ("Url", "http://user:word@edge:1234/"), ("Seconds", "2.5"), ("Password", "secret:env:DELIVERY_TEST_PASSWORD"), ("Part", "Cookie"),
            ("Routes:shop:Stable", "a"), ("Routes:shop:Ports:0", "80"), ("Routes:shop:Ports:1", "81"));
        var instance = hosted.Report.List().Single().Instances.Single();
        var shown = instance.Configuration!.ToJsonString();
        shown.ShouldContain("secret:env:DELIVERY_TEST_PASSWORD");
        shown.ShouldContain("http://***@edge:1234/");
        shown.ShouldContain("""{"shop":{"Ports":["80","81"],"Stable":"a"}}""");
        var everything = System.Text.Json.JsonSerializer.Serialize(hosted.Report.List()) + string.Concat(hosted.Logged.Lines);
        everything.ShouldNotContain("hunter2-hunter2");
    }

    [Fact]
    public async Task a_secret_that_the_plugin_says_aloud_is_taken_out()
    {
        Environment.SetEnvironmentVariable("DELIVERY_TEST_PASSWORD", "hunter2-hunter2");
        _folder.With("talks", Sources.Router(
            read: "_context.Log.Write(PluginLogLevel.Warning, \"pw \" + _options.Password.Reveal()); throw new Exception(\"can't sign in with \" + _options.Password.Reveal());", options: "public Secret Password { get; set; }"));
        await using var hosted = await Hosted.StartAsync(_folder, ("Instances:edge:Plugin", "talks"), ("Instances:edge:Options:Password", "secret:env:DELIVERY_TEST_PASSWORD"));
        var check = (await hosted.Report.CheckAsync("edge", TestContext.Current.CancellationToken))!;
        check.Ok.ShouldBeFalse();
        check.Findings.Single().Message.ShouldContain("can't sign in with ***");
        string.Concat(hosted.Logged.Lines).ShouldContain("pw ***");
        (System.Text.Json.JsonSerializer.Serialize(check) + string.Concat(hosted.Logged.Lines)).ShouldNotContain("hunter2-hunter2");
    }

    [Fact]
    public async Task everything_that_is_wrong_is_named_at_once()
    {
        var refused = await Should.ThrowAsync<PluginRefused>(() => StartAsync(
            ("Urll", "x"), ("Seconds", "90"), ("Part", "Body"), ("Password", "hunter2-hunter2"), ("Routes:shop:Ports:0", "eighty"), ("Routes:cart", "x")));
        refused.Reason.ShouldContain("Delivery:Plugins:Instances:edge:Options:Urll must be one of Url, Seconds, Password, Part, Routes");
        refused.Reason.ShouldContain("Options:Url must be given");
        refused.Reason.ShouldContain("Options:Seconds must be between 0.1 and 60");
        refused.Reason.ShouldContain("Options:Part must be one of Header, Cookie");
        refused.Reason.ShouldContain("Options:Password must be secret:env:NAME or secret:file:PATH");
        refused.Reason.ShouldContain("Options:Routes:shop:Ports:0 must be a value of type Int32");
        refused.Reason.ShouldContain("Options:Routes:shop:Stable must be given");
        refused.Reason.ShouldNotContain("hunter2");
    }

    [Fact]
    public async Task a_secret_that_is_not_there_is_refused()
    {
        (await Should.ThrowAsync<PluginRefused>(() => StartAsync(("Url", "http://edge"), ("Password", "secret:env:DELIVERY_TEST_UNSET"))))
            .Reason.ShouldContain("DELIVERY_TEST_UNSET is not");
        (await Should.ThrowAsync<PluginRefused>(() => StartAsync(("Url", "http://edge"), ("Password", "secret:file:/nowhere/at/all"))))
            .Reason.ShouldContain("/nowhere/at/all can't");
    }

    [Fact]
    public async Task what_the_plugin_itself_finds_is_named_too()
    {
        _folder.With("picky", Sources.Router(faults: "return ImmutableArray.Create(new Fault(\"Url\", \"a URL on Mars\"));"));
        (await Should.ThrowAsync<PluginRefused>(() => Hosted.StartAsync(_folder, ("Instances:edge:Plugin", "picky")))).Reason.ShouldContain("Options:Url must be a URL on Mars");
    }

    [Fact]
    public async Task the_schema_tells_meaning_and_range()
    {
        await using var hosted = await StartAsync(("Url", "http://edge"));
        var schema = hosted.Report.List().Single().OptionsSchema;
        schema["properties"]!["Seconds"]!["description"]!.ToString().ShouldBe("How long to wait, in seconds.");
        schema["properties"]!["Seconds"]!["maximum"]!.GetValue<double>().ShouldBe(60);
        schema["properties"]!["Password"]!["pattern"]!.ToString().ShouldStartWith("^secret:");
    }

    public void Dispose() => _folder.Dispose();

    private Task<Hosted> StartAsync(params (string Key, string Value)[] options)
    {
        if (!Directory.Exists(Path.Combine(_folder.Root, "memory")))
            _folder.With("memory", Sources.Router(options: Options));
        return Hosted.StartAsync(_folder, [("Instances:edge:Plugin", "memory"), .. options.Select(o => ($"Instances:edge:Options:{o.Key}", o.Value))]);
    }
}
