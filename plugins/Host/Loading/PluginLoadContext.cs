using System.Reflection;
using System.Runtime.Loader;

namespace Delivery.Plugins.Host;

/// <summary>
/// A plugin's own load context. The contract is the server's, by identity; the framework is shared; everything else comes
/// from the plugin's folder, in the version it brought, whatever the server uses itself.
/// </summary>
internal sealed class PluginLoadContext(string name, string assembly) : AssemblyLoadContext($"plugin {name}")
{
    private static readonly Assembly Contract = typeof(PluginContract).Assembly;

    private readonly AssemblyDependencyResolver _resolver = new(assembly);
    private readonly string _folder = Path.GetDirectoryName(assembly)!;

    public string PluginName { get; } = name;

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        if (assemblyName.Name == Contract.GetName().Name)
            return Contract;
        return (_resolver.ResolveAssemblyToPath(assemblyName) ?? Beside(assemblyName)) is { } path ? LoadFromAssemblyPath(path) : null;
    }

    protected override IntPtr LoadUnmanagedDll(string unmanagedDllName) =>
        _resolver.ResolveUnmanagedDllToPath(unmanagedDllName) is { } path ? LoadUnmanagedDllFromPath(path) : IntPtr.Zero;

    /// <summary>A folder without a .deps.json: what lies in it is its own.</summary>
    private string? Beside(AssemblyName assemblyName) =>
        Path.Combine(_folder, assemblyName.Name + ".dll") is var file && File.Exists(file) ? file : null;
}
