using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Delivery.Plugins.Host;

/// <summary>What can be told about a plugin's folder without running a line of it.</summary>
internal static class FolderCheck
{
    private static readonly string ContractName = typeof(PluginContract).Assembly.GetName().Name!;

    /// <exception cref="PluginRefused">It can't be loaded.</exception>
    public static void Check(string folder, Manifest manifest)
    {
        if (Directory.EnumerateFiles(folder, ContractName + ".dll", SearchOption.AllDirectories).Any())
        {
            throw new PluginRefused(
                manifest.Name,
                $"its folder carries its own {ContractName}.dll, which would be another contract than the server's; reference the contract with Private=\"false\" ExcludeAssets=\"runtime\"");
        }

        var assembly = Path.Combine(folder, manifest.Assembly);
        if (!File.Exists(assembly))
            throw new PluginRefused(manifest.Name, $"there is no {manifest.Assembly} in its folder");
        var builtFor = BuiltFor(assembly, manifest);
        var declared = manifest.ContractVersion;
        if ((declared.Major, declared.Minor) != (builtFor.Major, builtFor.Minor))
            throw new PluginRefused(manifest.Name, $"its manifest says contract {declared}, but {manifest.Assembly} was built against {builtFor.ToString(2)}");
        if (!Loads(builtFor, PluginContract.Version))
        {
            throw new PluginRefused(
                manifest.Name,
                $"it was built against contract {builtFor.ToString(2)}; this server has {PluginContract.Version.ToString(2)} and loads {PluginContract.Version.Major}.0 to {PluginContract.Version.ToString(2)}. Build it against this server's contract");
        }
    }

    internal static bool Loads(Version plugin, Version server) => plugin.Major == server.Major && plugin.Minor <= server.Minor;

    private static Version BuiltFor(string file, Manifest manifest)
    {
        try
        {
            using var stream = File.OpenRead(file);
            using var image = new PEReader(stream);
            var metadata = image.GetMetadataReader();
            return metadata.AssemblyReferences
                .Select(metadata.GetAssemblyReference)
                .Where(r => metadata.GetString(r.Name) == ContractName)
                .Select(r => r.Version)
                .SingleOrDefault()
                ?? throw new PluginRefused(manifest.Name, $"{manifest.Assembly} does not reference {ContractName}; is it the right assembly?");
        }
        catch (Exception e) when (e is BadImageFormatException or InvalidOperationException)
        {
            throw new PluginRefused(manifest.Name, $"{manifest.Assembly} is no .NET assembly");
        }
    }
}
