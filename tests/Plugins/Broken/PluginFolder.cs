using System.Text.Json;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Delivery.Plugins.Tests;

/// <summary>A plugins folder of a test: plugins are compiled into it, as somebody else would have built them.</summary>
public sealed class PluginFolder : IDisposable
{
    private static readonly string[] Framework = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
        .Where(f => Path.GetFileName(f).StartsWith("System.", StringComparison.Ordinal)).ToArray();

    private string? _work;

    public string Root { get; } = Directory.CreateTempSubdirectory("delivery-plugins-").FullName;

    /// <summary>A folder of the test's own, for what is no plugin; gone with this.</summary>
    public string Work => _work ??= Directory.CreateTempSubdirectory("delivery-work-").FullName;

    /// <summary>Compiles a plugin and writes its manifest.</summary>
    public PluginFolder With(string name, string source, string kind = PluginKinds.Router, string entry = "Entry", params string[] libraries)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Root, name)).FullName;
        foreach (var library in libraries)
            File.Copy(library, Path.Combine(folder, Path.GetFileName(library)));
        Compile(source, name, Path.Combine(folder, name + ".dll"), [typeof(PluginContract).Assembly.Location, .. libraries]);
        return Manifest(name, new { name, assembly = name + ".dll", entry, kind, contract = "1.0" });
    }

    /// <summary>Copies a built plugin's folder.</summary>
    public PluginFolder Copy(string name, string from)
    {
        CopyFolder(from, Path.Combine(Root, name));
        return this;
    }

    /// <summary>Copies files and folders, but for those of these names.</summary>
    public static void CopyFolder(string from, string to, params string[] except)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        foreach (var folder in Directory.EnumerateDirectories(from).Where(f => !except.Contains(Path.GetFileName(f))))
            CopyFolder(folder, Path.Combine(to, Path.GetFileName(folder)), except);
    }

    /// <summary>Writes a manifest.</summary>
    public PluginFolder Manifest(string name, object manifest) => WithFile(name, "plugin.json", JsonSerializer.Serialize(manifest));

    /// <summary>Writes a file into a plugin's folder.</summary>
    public PluginFolder WithFile(string name, string file, string text)
    {
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(Root, name)).FullName, file), text);
        return this;
    }

    /// <summary>Compiles an assembly.</summary>
    public static void Compile(string source, string name, string file, params string[] references) => Compile(
        ["using System; using System.Threading; using System.Threading.Tasks; using System.Collections.Generic; using System.Collections.Immutable; using Delivery.Plugins; using Delivery.Plugins.Routing;\n" + source],
        NullableContextOptions.Disable, name, file, references);

    /// <summary>Compiles whole files, as a project with implicit usings does.</summary>
    public static void CompileFiles(IEnumerable<string> files, string name, string file, params string[] references) => Compile(
        files.Prepend("global using System; global using System.IO; global using System.Linq; global using System.Net.Http; global using System.Threading; global using System.Threading.Tasks; global using System.Collections.Generic;"),
        NullableContextOptions.Enable, name, file, references);

    private static void Compile(IEnumerable<string> files, NullableContextOptions nullable, string name, string file, string[] references)
    {
        var compilation = CSharpCompilation.Create(
            name,
            files.Select(f => CSharpSyntaxTree.ParseText(f)),
            [.. Framework.Concat(references).Select(r => MetadataReference.CreateFromFile(r))],
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: nullable));
        using var image = File.Create(file);
        var result = compilation.Emit(image);
        result.Success.ShouldBeTrue(string.Join(Environment.NewLine, result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error)));
    }

    public void Dispose()
    {
        Directory.Delete(Root, recursive: true);
        if (_work is not null)
            Directory.Delete(_work, recursive: true);
    }
}
