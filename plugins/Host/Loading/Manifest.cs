using System.Text.Json;
using System.Text.Json.Serialization;

namespace Delivery.Plugins.Host;

/// <summary>A plugin's manifest, <c>plugin.json</c> in its folder.</summary>
/// <param name="Name">What the configuration calls it; unique among the folders: lower-case letters, digits and <c>-</c>.</param>
/// <param name="Assembly">The assembly's file in the folder.</param>
/// <param name="Entry">The full name of the type that implements <see cref="IPlugin"/>.</param>
/// <param name="Kind">One of <see cref="PluginKinds"/>.</param>
/// <param name="Contract">The contract's version that it was built against: <c>1.0</c>.</param>
public sealed record Manifest(
    [property: JsonRequired] string Name,
    [property: JsonRequired] string Assembly,
    [property: JsonRequired] string Entry,
    [property: JsonRequired] string Kind,
    [property: JsonRequired] string Contract)
{
    /// <summary>The manifest's file name.</summary>
    public const string FileName = "plugin.json";

    private static readonly JsonSerializerOptions Strict = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        ReadCommentHandling = JsonCommentHandling.Skip,
    };

    private static string[] Kinds { get; } = [PluginKinds.Router, PluginKinds.MetricSource, PluginKinds.Channel];

    /// <summary>The version that <see cref="Contract"/> names.</summary>
    [JsonIgnore]
    public Version ContractVersion => Version.Parse(Contract);

    /// <exception cref="PluginRefused">It is missing, or can't be taken.</exception>
    internal static Manifest Read(string folder)
    {
        var what = Path.GetFileName(folder);
        var file = Path.Combine(folder, FileName);
        if (!File.Exists(file))
            throw new PluginRefused(what, $"there is no {FileName} in it; a folder under the plugins folder is a plugin");
        try
        {
            var manifest = JsonSerializer.Deserialize<Manifest>(File.ReadAllBytes(file), Strict)
                ?? throw new PluginRefused(what, $"{FileName} is empty; it needs name, assembly, entry, kind and contract");
            return manifest.Fault() is { } fault ? throw new PluginRefused(what, $"{FileName}: {fault}") : manifest;
        }
        catch (JsonException e)
        {
            throw new PluginRefused(what, $"{FileName} can't be read: {e.Message}");
        }
    }

    private string? Fault() =>
        Name.Length is 0 or > 100 || !Name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')
            ? "name must be 1 to 100 lower-case letters, digits and '-'"
        : Assembly.Length == 0 || Path.GetFileName(Assembly) != Assembly || !Assembly.EndsWith(".dll", StringComparison.Ordinal)
            ? "assembly must be the name of a .dll in the folder"
        : Entry.Length == 0
            ? "entry must be the full name of a type"
        : !Kinds.Contains(Kind)
            ? $"kind '{Kind}' is unknown; there are {string.Join(", ", Kinds)}"
        : !Version.TryParse(Contract, out _)
            ? $"contract must be a version, such as {PluginContract.Version.ToString(2)}"
        : null;
}
