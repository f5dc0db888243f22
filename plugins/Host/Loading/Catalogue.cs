namespace Delivery.Plugins.Host;

/// <summary>The plugins folder, read.</summary>
internal static class Catalogue
{
    private const string DefaultFolder = "plugins";

    /// <exception cref="PluginRefused">A folder can't be taken, or the configured one is not there.</exception>
    public static IReadOnlyList<InstalledPlugin> Load(string? configured)
    {
        var folder = Path.GetFullPath(configured ?? DefaultFolder, AppContext.BaseDirectory);
        if (!Directory.Exists(folder))
        {
            return configured is null
                ? []
                : throw new PluginRefused(configured, $"{PluginHostOptions.Section}:{nameof(PluginHostOptions.Folder)} names a folder that is not there");
        }

        var installed = Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal).Select(InstalledPlugin.Load).ToList();
        if (installed.GroupBy(p => p.Manifest.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new PluginRefused(twice.Key, $"the folders {string.Join(" and ", twice.Select(p => p.Folder))} both have this name");
        return installed;
    }
}
