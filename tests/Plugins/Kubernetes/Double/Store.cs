using System.Text.Json.Nodes;

namespace Delivery.Plugins.Tests.Kubernetes;

/// <summary>What the API server holds: objects with versions, and who waits for changes.</summary>
internal sealed class Store
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, JsonObject> _objects = [];
    private readonly List<(long Version, string Path, JsonObject Found)> _history = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _version = 100;

    /// <summary>Writes the status as a controller would, when it is told to; null for a controller that is away.</summary>
    public Action<JsonObject>? Controller { get; set; }

    public JsonObject? Get(string path)
    {
        lock (_lock)
            return _objects.GetValueOrDefault(path)?.DeepClone().AsObject();
    }

    /// <summary>Puts an object if it still has the version that it was made from; null puts it whatever is there.</summary>
    /// <returns>The object as stored, or null when somebody else was faster.</returns>
    public JsonObject? Put(string path, JsonObject found, string? version)
    {
        lock (_lock)
        {
            var before = _objects.GetValueOrDefault(path);
            if (version is not null && (string?)before?["metadata"]?["resourceVersion"] != version)
                return null;
            var after = found.DeepClone().AsObject();
            var metadata = after["metadata"]!.AsObject();
            var generation = (long?)before?["metadata"]?["generation"] ?? 0;
            metadata["generation"] = JsonNode.DeepEquals(before?["spec"], after["spec"]) ? generation : generation + 1;
            Controller?.Invoke(after);
            metadata["resourceVersion"] = before?["metadata"]?["resourceVersion"]?.DeepClone();
            if (before is not null && JsonNode.DeepEquals(before, after))
                return before.DeepClone().AsObject();
            metadata["resourceVersion"] = $"{++_version}";
            _objects[path] = after;
            _history.Add((_version, path, after));
            var changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            changed.SetResult();
            return after.DeepClone().AsObject();
        }
    }

    /// <summary>The changes after a version, and what ends when there are more.</summary>
    public (IReadOnlyList<JsonObject> Changes, long Version, Task More) Since(long version, string path)
    {
        lock (_lock)
            return ([.. _history.Where(h => h.Version > version && h.Path == path).Select(h => h.Found.DeepClone().AsObject())], _version, _changed.Task);
    }
}
