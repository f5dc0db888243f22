using System.Reflection;
using System.Text.RegularExpressions;
using Delivery.Plugins.Host;
using Delivery.Plugins.Routing;
using Microsoft.Extensions.Configuration;

namespace Delivery.Plugins.Tests.ThirdParty;

/// <summary>A plugin as somebody writes it, compiled from its text: the template's, and the one of the guide.</summary>
internal sealed partial class WrittenPlugin
{
    private readonly IPlugin _entry;

    private WrittenPlugin(IPlugin entry) => _entry = entry;

    /// <summary>The template's router, as <c>dotnet new</c> leaves it.</summary>
    public static WrittenPlugin Template { get; } = Compiled(
        "MyPlugin", "MyPlugin.Entry", Directory.EnumerateFiles(Path.Combine(DotnetTool.Repository, "plugins", "Template", "content", "Router"), "*.cs").Select(File.ReadAllText));

    /// <summary>The guide's files by name.</summary>
    public static IReadOnlyDictionary<string, string> GuideFiles { get; } =
        Blocks().Matches(File.ReadAllText(Path.Combine(DotnetTool.Repository, "docs", "guides", "plugins.md"))).ToDictionary(m => m.Groups["name"].Value, m => m.Groups["text"].Value);

    /// <summary>The guide's router.</summary>
    public static WrittenPlugin Guide { get; } = Compiled("Edge", "Edge.EdgePlugin", GuideFiles.Where(f => f.Key.EndsWith(".cs", StringComparison.Ordinal)).Select(f => f.Value));

    /// <summary>Makes a router, its options bound as the host does.</summary>
    public async Task<ITrafficRouter> RouterAsync(IEnumerable<(string Key, string Value)> options, CancellationToken cancellationToken)
    {
        var section = new ConfigurationBuilder().AddInMemoryCollection(options.Select(o => KeyValuePair.Create($"Options:{o.Key}", (string?)o.Value))).Build().GetSection("Options");
        var binding = new OptionsBinding();
        var bound = binding.Bind(_entry.OptionsType, section);
        binding.Faults.ShouldBeEmpty();
        _entry.Faults(bound).ShouldBeEmpty();
        return (ITrafficRouter)await _entry.CreateAsync(bound, new PluginContext("written", TimeProvider.System, new NoLog()), cancellationToken);
    }

    private static WrittenPlugin Compiled(string name, string entry, IEnumerable<string> sources)
    {
        var folder = Directory.CreateTempSubdirectory("delivery-written-");
        var file = Path.Combine(folder.FullName, name + ".dll");
        PluginFolder.CompileFiles(sources, name, file, typeof(PluginContract).Assembly.Location);
        var assembly = Assembly.Load(File.ReadAllBytes(file));
        folder.Delete(recursive: true);
        return new WrittenPlugin((IPlugin)Activator.CreateInstance(assembly.GetType(entry, throwOnError: true)!)!);
    }

    /// <summary>A file's name in bold, and the next block.</summary>
    [GeneratedRegex(@"^\*\*`(?<name>[A-Za-z.]+)`\*\*[^\n]*\n\n```[a-z]+\n(?<text>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Blocks();

    private sealed class NoLog : IPluginLog
    {
        public void Write(PluginLogLevel level, string message)
        {
        }
    }
}
