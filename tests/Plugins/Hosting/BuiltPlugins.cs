using System.Reflection;

namespace Delivery.Plugins.Tests.Hosting;

/// <summary>Where the build put this repository's plugins.</summary>
internal static class BuiltPlugins
{
    private static readonly string Pattern = typeof(BuiltPlugins).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "PluginsBuiltIn").Value!;

    /// <summary>A plugin's folder, as it lies beside the server.</summary>
    public static string FolderOf(string project) => Path.GetFullPath(Pattern.Replace("*", project, StringComparison.Ordinal));
}
