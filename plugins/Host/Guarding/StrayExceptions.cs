using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Runtime.Loader;

namespace Delivery.Plugins.Host;

/// <summary>
/// An exception that nobody catches ends the process: one on a plugin's own thread or timer would take the server down. Where
/// the stack shows a plugin's code it is written to the plugin's health instead; any other still ends the process.
/// </summary>
internal static class StrayExceptions
{
    private static readonly ConcurrentDictionary<PluginHost, IReadOnlyList<PluginInstance>> Watched = new();
    private static int _set;

    public static void Watch(PluginHost host, IReadOnlyList<PluginInstance> instances)
    {
        Watched[host] = instances;
        if (Interlocked.Exchange(ref _set, 1) == 0)
            ExceptionHandling.SetUnhandledExceptionHandler(Handled);
    }

    public static void Forget(PluginHost host) => Watched.TryRemove(host, out _);

    private static bool Handled(Exception thrown)
    {
        if (PluginOf(thrown) is not { } plugin)
            return false;
        foreach (var instance in Watched.Values.SelectMany(i => i).Where(i => i.Plugin.Manifest.Name == plugin))
            instance.ThrewAlone(thrown);
        return true;
    }

    private static string? PluginOf(Exception thrown) =>
        new StackTrace(thrown).GetFrames()
            .Select(f => f.GetMethod()?.Module.Assembly)
            .OfType<System.Reflection.Assembly>()
            .Select(AssemblyLoadContext.GetLoadContext)
            .OfType<PluginLoadContext>()
            .FirstOrDefault()?.PluginName;
}
