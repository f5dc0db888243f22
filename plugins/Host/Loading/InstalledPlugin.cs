using System.Reflection;

namespace Delivery.Plugins.Host;

/// <summary>A plugin whose folder was found, checked and loaded.</summary>
/// <param name="Manifest">Its manifest.</param>
/// <param name="Entry">Its entry.</param>
/// <param name="Version">Its assembly's informational version.</param>
/// <param name="Folder">The folder's name.</param>
public sealed record InstalledPlugin(Manifest Manifest, IPlugin Entry, string Version, string Folder)
{
    /// <exception cref="PluginRefused">It can't be loaded.</exception>
    internal static InstalledPlugin Load(string folder)
    {
        var manifest = Manifest.Read(folder);
        FolderCheck.Check(folder, manifest);
        var path = Path.GetFullPath(Path.Combine(folder, manifest.Assembly));
        try
        {
            var assembly = new PluginLoadContext(manifest.Name, path).LoadFromAssemblyPath(path);
            var entry = Make(assembly, manifest);
            if (entry.Kind != manifest.Kind)
                throw new PluginRefused(manifest.Name, $"its manifest says kind '{manifest.Kind}', but {manifest.Entry} is a '{entry.Kind}'");
            return new InstalledPlugin(manifest, entry, VersionOf(assembly), Path.GetFileName(folder));
        }
        catch (Exception e) when (e is not PluginRefused)
        {
            throw new PluginRefused(manifest.Name, $"{manifest.Entry} could not be made: {(e as TargetInvocationException)?.InnerException?.Message ?? e.Message}");
        }
    }

    private static IPlugin Make(Assembly assembly, Manifest manifest)
    {
        var type = assembly.GetType(manifest.Entry)
            ?? throw new PluginRefused(manifest.Name, $"there is no type {manifest.Entry} in {manifest.Assembly}");
        if (!typeof(IPlugin).IsAssignableFrom(type) || type.IsAbstract || type.GetConstructor([]) is null)
            throw new PluginRefused(manifest.Name, $"{manifest.Entry} must be a class that implements {nameof(IPlugin)} and has a public constructor without parameters");
        return (IPlugin)Activator.CreateInstance(type)!;
    }

    private static string VersionOf(Assembly assembly) =>
        assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]
        ?? assembly.GetName().Version?.ToString()
        ?? "unknown";
}
