using System.Text.Json;
using System.Text.Json.Serialization;

namespace Delivery.AppHost.Platform;

/// <summary>Where the running platform is. It holds secrets: the admin key and the database's password.</summary>
internal sealed record PlatformState(
    IReadOnlyDictionary<string, ResourceState> Resources, IReadOnlyDictionary<string, string> ConnectionStrings, string AdminKey)
{
    public static async Task<PlatformState> ReadAsync(DistributedApplicationModel model, string adminKey, CancellationToken cancellationToken)
    {
        var resources = model.Resources.OfType<IResourceWithEndpoints>()
            .Select(resource => (resource.Name, Endpoint: resource.GetEndpoint("http")))
            .Where(one => one.Endpoint.Exists)
            .ToDictionary(one => one.Name, one => new ResourceState(one.Endpoint.Url.TrimEnd('/')));
        var connectionStrings = new Dictionary<string, string>();
        foreach (var resource in model.Resources.OfType<IResourceWithConnectionString>())
        {
            if (await resource.GetConnectionStringAsync(cancellationToken) is { } connectionString)
                connectionStrings[resource.Name] = connectionString;
        }

        return new PlatformState(resources, connectionStrings, adminKey);
    }

    /// <summary>Writes the file for its owner only, whole or not at all.</summary>
    public void WriteTo(string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        var unfinished = $"{file}.{Environment.ProcessId}.new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        File.Delete(unfinished);
        using (var stream = new FileStream(unfinished, options))
            JsonSerializer.Serialize(stream, this, PlatformStateJson.Default.PlatformState);
        File.Move(unfinished, file, overwrite: true);
    }
}

internal sealed record ResourceState(string Url);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(PlatformState))]
internal sealed partial class PlatformStateJson : JsonSerializerContext;
