using Delivery.Plugins.Host;

namespace Delivery.Plugins.Tests.Hosting;

/// <summary>What fails the start, with its reason.</summary>
public sealed class RefusalTests : IDisposable
{
    private readonly PluginFolder _folder = new();

    [Fact]
    public async Task a_folder_with_its_own_copy_of_the_contract_is_refused()
    {
        _folder.With("copy", Sources.Router());
        File.Copy(typeof(PluginContract).Assembly.Location, Path.Combine(_folder.Root, "copy", "Delivery.Plugins.Contract.dll"));
        await RefusedAsync("copy", "carries its own Delivery.Plugins.Contract.dll");
    }

    [Fact]
    public async Task an_unknown_kind_is_refused()
    {
        _folder.With("odd", Sources.Router(), kind: "weather");
        await RefusedAsync("odd", "kind 'weather' is unknown; there are router, metric-source, channel");
    }

    [Fact]
    public async Task another_kind_than_the_manifest_says_is_refused()
    {
        _folder.With("odd", Sources.Router(), kind: PluginKinds.Channel);
        await RefusedAsync("odd", "is a 'router'");
    }

    [Fact]
    public async Task a_missing_entry_type_is_refused()
    {
        _folder.With("lost", Sources.Router(), entry: "Elsewhere.Entry");
        await RefusedAsync("lost", "there is no type Elsewhere.Entry in lost.dll");
    }

    [Fact]
    public async Task an_entry_that_is_no_plugin_is_refused()
    {
        _folder.With("wrong", Sources.Router(), entry: "Router");
        await RefusedAsync("wrong", "must be a class that implements IPlugin");
    }

    [Fact]
    public async Task an_entry_that_throws_in_its_constructor_is_refused()
    {
        _folder.With("bang", Sources.Router() + "public sealed class Bang : IPlugin { public Bang() => throw new Exception(\"no luck\"); public string Kind => \"router\"; public Type OptionsType => typeof(object); public ImmutableArray<Fault> Faults(object o) => default; public ValueTask<object> CreateAsync(object o, PluginContext c, CancellationToken t) => default; }", entry: "Bang");
        await RefusedAsync("bang", "no luck");
    }

    [Theory]
    [InlineData("0.9", "built against contract 0.9")]
    [InlineData("2.0", "built against contract 2.0")]
    [InlineData("1.7", "built against contract 1.7")]
    public async Task an_assembly_built_against_another_contract_is_refused(string version, string reason)
    {
        var other = Path.Combine(_folder.Root, "Delivery.Plugins.Contract.dll");
        PluginFolder.Compile(
            $"[assembly: System.Reflection.AssemblyVersion(\"{version}.0.0\")] namespace Delivery.Plugins {{ public interface IPlugin {{ }} }} namespace Delivery.Plugins.Routing {{ public interface INothing {{ }} }}", "Delivery.Plugins.Contract", other);
        Directory.CreateDirectory(Path.Combine(_folder.Root, "old"));
        PluginFolder.Compile("public sealed class Entry : IPlugin { }", "old", Path.Combine(_folder.Root, "old", "old.dll"), other);
        File.Delete(other);
        _folder.Manifest("old", new { name = "old", assembly = "old.dll", entry = "Entry", kind = "router", contract = version });
        await RefusedAsync("old", reason);
    }

    [Theory]
    [InlineData("1.0", "1.0", true)]
    [InlineData("1.0", "1.3", true)]
    [InlineData("1.4", "1.3", false)]
    [InlineData("1.3", "2.0", false)]
    [InlineData("2.0", "1.3", false)]
    public void an_older_contract_is_loaded_while_nothing_had_to_change(string plugin, string server, bool loads) =>
        FolderCheck.Loads(Version.Parse(plugin), Version.Parse(server)).ShouldBe(loads);

    [Fact]
    public async Task a_manifest_that_claims_another_contract_than_the_assembly_has_is_refused()
    {
        _folder.With("liar", Sources.Router()).Manifest("liar", new { name = "liar", assembly = "liar.dll", entry = "Entry", kind = "router", contract = "1.3" });
        await RefusedAsync("liar", "its manifest says contract 1.3, but liar.dll was built against 1.0");
    }

    [Theory]
    [InlineData("{ not json", "can't be read")]
    [InlineData("{}", "can't be read")]
    [InlineData("""{ "name": "x", "assembly": "../x.dll", "entry": "E", "kind": "router", "contract": "1.0" }""", "assembly must be")]
    [InlineData("""{ "name": "X y", "assembly": "x.dll", "entry": "E", "kind": "router", "contract": "1.0" }""", "name must be")]
    [InlineData("""{ "name": "x", "assembly": "x.dll", "entry": "E", "kind": "router", "contract": "one" }""", "contract must be")]
    [InlineData("""{ "name": "x", "assembly": "x.dll", "entry": "E", "kind": "router", "contract": "1.0", "kindd": 1 }""", "kindd")]
    [InlineData("""{ "name": "x", "assembly": "x.dll", "entry": "E", "kind": "router", "contract": "1.0" }""", "no x.dll in its folder")]
    public async Task a_broken_manifest_is_refused(string manifest, string reason)
    {
        _folder.WithFile("x", "plugin.json", manifest);
        await RefusedAsync("x", reason);
    }

    [Fact]
    public async Task a_folder_without_a_manifest_is_refused()
    {
        _folder.WithFile("empty", "readme.txt", "");
        await RefusedAsync("empty", "there is no plugin.json in it");
    }

    [Fact]
    public async Task what_is_no_assembly_is_refused()
    {
        _folder.WithFile("text", "text.dll", "hello").Manifest("text", new { name = "text", assembly = "text.dll", entry = "E", kind = "router", contract = "1.0" });
        await RefusedAsync("text", "is no .NET assembly");
    }

    [Fact]
    public async Task two_folders_of_one_name_are_refused()
    {
        _folder.With("one", Sources.Router()).With("two", Sources.Router()).Manifest("two", new { name = "one", assembly = "two.dll", entry = "Entry", kind = "router", contract = "1.0" });
        await RefusedAsync("one", "the folders one and two both have this name");
    }

    [Fact]
    public async Task a_configured_folder_that_is_not_there_is_refused()
    {
        Directory.Delete(_folder.Root);
        await RefusedAsync(_folder.Root, "names a folder that is not there");
        Directory.CreateDirectory(_folder.Root);
    }

    [Fact]
    public async Task an_instance_of_an_unknown_plugin_is_refused()
    {
        _folder.With("memory", Sources.Router());
        await RefusedAsync("edge", "must be one of the plugins there are: memory", ("Instances:edge:Plugin", "haproxy"));
    }

    public void Dispose() => _folder.Dispose();

    private async Task RefusedAsync(string what, string reason, params (string, string)[] settings)
    {
        var refused = await Should.ThrowAsync<PluginRefused>(() => Hosted.StartAsync(_folder, settings));
        refused.What.ShouldBe(what);
        refused.Reason.ShouldContain(reason);
    }
}
