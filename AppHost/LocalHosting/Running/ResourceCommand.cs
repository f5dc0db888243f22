using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Delivery.ServiceDefaults;

namespace Delivery.LocalHosting.Running;

/// <summary>What is run for a resource.</summary>
internal sealed record ResourceCommand(
    string Program, IReadOnlyList<string> Arguments, string WorkingDirectory, IReadOnlyDictionary<string, string?> Environment)
{
    public static async Task<ResourceCommand> OfAsync(IResource resource, string environmentName, CancellationToken cancellationToken)
    {
        var arguments = resource.Annotations.OfType<ArgumentsAnnotation>().SelectMany(one => one.Arguments);
        var environment = new Dictionary<string, string?> { [ProcessIdentity.ParentVariable] = ProcessIdentity.Current().ToString() };
        AddEndpoints(resource, environment);
        if (resource is ProjectResource)
        {
            environment["ASPNETCORE_ENVIRONMENT"] = environmentName;
            environment["DOTNET_ENVIRONMENT"] = environmentName;
        }

        foreach (var (variable, value) in resource.Annotations.OfType<EnvironmentAnnotation>())
            environment[variable] = await value.GetValueAsync(cancellationToken);

        return resource switch
        {
            ExecutableResource executable => new(executable.Command, [.. arguments], executable.WorkingDirectory, environment),
            ProjectResource project => new(DotnetHost(), [AssemblyOf(project), .. arguments], DirectoryOf(project), environment),
            _ => throw new NotSupportedException($"The local runner can't run '{resource.Name}' ({resource.GetType().Name}): it starts projects and executables only."),
        };
    }

    private static void AddEndpoints(IResource resource, Dictionary<string, string?> environment)
    {
        var endpoints = resource.Annotations.OfType<EndpointAnnotation>().ToList();
        if (resource is ProjectResource && endpoints.Count > 0)
            environment["ASPNETCORE_URLS"] = string.Join(';', endpoints.Select(endpoint => endpoint.Url));
        foreach (var endpoint in endpoints.Where(endpoint => endpoint.EnvironmentVariable is not null))
            environment[endpoint.EnvironmentVariable!] = $"{endpoint.AllocatedPort}";
    }

    private static string AssemblyOf(ProjectResource project) => ProjectOf(project) switch
    {
        IBuiltProject built when File.Exists(built.AssemblyPath) => built.AssemblyPath,
        IBuiltProject built => throw new DistributedApplicationException($"'{project.Name}' is not built: {built.AssemblyPath} is missing."),
        var other => throw new DistributedApplicationException($"'{project.Name}': the build did not say where the assembly of {other.ProjectPath} is."),
    };

    private static string DirectoryOf(ProjectResource project) =>
        Path.GetDirectoryName(ProjectOf(project).ProjectPath) is { } directory && Directory.Exists(directory)
            ? directory
            : Path.GetDirectoryName(AssemblyOf(project))!;

    private static IProjectMetadata ProjectOf(ProjectResource project) => project.Annotations.OfType<ProjectAnnotation>().Single().Project;

    /// <summary>The host that runs this process, so that both use the same runtimes.</summary>
    private static string DotnetHost() =>
        System.Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } path ? path
        : System.Environment.ProcessPath is { } own && Path.GetFileNameWithoutExtension(own) == "dotnet" ? own
        : "dotnet";
}
