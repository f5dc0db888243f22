namespace Aspire.Hosting.ApplicationModel;

/// <summary>An HTTP endpoint on 127.0.0.1; the port is chosen before anything starts and stays for the whole run.</summary>
internal sealed class EndpointAnnotation(string name, int? port, string? environmentVariable) : IResourceAnnotation
{
    public string Name { get; } = name;

    public int? ConfiguredPort { get; } = port;

    public string? EnvironmentVariable { get; } = environmentVariable;

    public int? AllocatedPort { get; set; }

    public string Url => AllocatedPort is { } port
        ? $"http://127.0.0.1:{port}"
        : throw new InvalidOperationException($"The endpoint '{Name}' has no port before the platform is built.");
}

/// <summary>A value that a variable of the process takes.</summary>
internal sealed record EnvironmentAnnotation(string Variable, IValueProvider Value) : IResourceAnnotation;

internal sealed record ArgumentsAnnotation(IReadOnlyList<string> Arguments) : IResourceAnnotation;

internal sealed record WaitAnnotation(IResource Resource) : IResourceAnnotation;

/// <summary>The name of a registered health check that must pass.</summary>
internal sealed record HealthCheckAnnotation(string Key) : IResourceAnnotation;

/// <summary>The built project behind a <see cref="ProjectResource"/>.</summary>
internal sealed record ProjectAnnotation(IProjectMetadata Project) : IResourceAnnotation;

internal sealed record TextValue(string? Text) : IValueProvider
{
    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default) => ValueTask.FromResult(Text);
}
