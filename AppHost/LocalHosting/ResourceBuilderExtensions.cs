using Aspire.Hosting.ApplicationModel;
using Delivery.LocalHosting.Running;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting;

/// <summary>The members of Aspire's API that AppHost.cs uses, with its signatures.</summary>
public static class ResourceBuilderExtensions
{
    public static IResourceBuilder<ProjectResource> AddProject<TProject>(this IDistributedApplicationBuilder builder, string name)
        where TProject : IProjectMetadata, new()
    {
        var project = builder.AddResource(new ProjectResource(name));
        project.Resource.Annotations.Add(new ProjectAnnotation(new TProject()));
        return project;
    }

    public static IResourceBuilder<ExecutableResource> AddExecutable(
        this IDistributedApplicationBuilder builder, string name, string command, string workingDirectory, params string[]? args) =>
        builder.AddResource(new ExecutableResource(name, command, workingDirectory)).WithArgs(args ?? []);

    public static IResourceBuilder<ParameterResource> AddParameter(
        this IDistributedApplicationBuilder builder, string name, string value, bool publishValueAsDefault = false, bool secret = false)
    {
        _ = publishValueAsDefault;
        return builder.AddResource(new ParameterResource(name, value, secret));
    }

    /// <exception cref="DistributedApplicationException">The configuration has no such connection string.</exception>
    public static IResourceBuilder<IResourceWithConnectionString> AddConnectionString(this IDistributedApplicationBuilder builder, string name) =>
        builder.AddResource<IResourceWithConnectionString>(new ConnectionStringParameterResource(
            name,
            builder.Configuration.GetConnectionString(name)
                ?? throw new DistributedApplicationException($"The connection string '{name}' is not configured (ConnectionStrings__{name}).")));

    public static IResourceBuilder<T> WithArgs<T>(this IResourceBuilder<T> builder, params string[] args)
        where T : IResourceWithArgs => builder.With(new ArgumentsAnnotation(args));

    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, string name, string? value)
        where T : IResourceWithEnvironment => builder.With(new EnvironmentAnnotation(name, new TextValue(value)));

    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, string name, ReferenceExpression value)
        where T : IResourceWithEnvironment => builder.With(new EnvironmentAnnotation(name, value));

    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, string name, EndpointReference endpointReference)
        where T : IResourceWithEnvironment => builder.With(new EnvironmentAnnotation(name, endpointReference));

    public static IResourceBuilder<T> WithEnvironment<T>(
        this IResourceBuilder<T> builder, string name, IResourceBuilder<ParameterResource> parameter)
        where T : IResourceWithEnvironment => builder.With(new EnvironmentAnnotation(name, parameter.Resource));

    /// <summary>Gives the connection string as <c>ConnectionStrings__&lt;name&gt;</c> and its parts as <c>&lt;NAME&gt;_&lt;PART&gt;</c>.</summary>
    public static IResourceBuilder<T> WithReference<T>(
        this IResourceBuilder<T> builder, IResourceBuilder<IResourceWithConnectionString> source, string? connectionName = null)
        where T : IResourceWithEnvironment
    {
        var name = connectionName ?? source.Resource.Name;
        builder.With(new EnvironmentAnnotation(
            source.Resource.ConnectionStringEnvironmentVariable ?? $"ConnectionStrings__{name}", source.Resource));
        var prefix = name.Replace('-', '_').ToUpperInvariant();
        foreach (var (part, value) in source.Resource.GetConnectionProperties())
            builder.With(new EnvironmentAnnotation($"{prefix}_{part.ToUpperInvariant()}", value));
        return builder;
    }

    /// <summary>Starts this one only when that one is healthy.</summary>
    public static IResourceBuilder<T> WaitFor<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResource> dependency)
        where T : IResourceWithWaitSupport => builder.With(new WaitAnnotation(dependency.Resource));

    /// <summary>
    /// Gives an HTTP endpoint on 127.0.0.1, on a free port unless one is given. A project learns it as
    /// <c>ASPNETCORE_URLS</c>; <paramref name="env"/> names a variable for the port alone.
    /// </summary>
    public static IResourceBuilder<T> WithHttpEndpoint<T>(
        this IResourceBuilder<T> builder, int? port = null, int? targetPort = null, string? name = null, string? env = null, bool isProxied = true)
        where T : IResourceWithEndpoints
    {
        // There is no proxy here: the process listens on the port itself, whether or not one was asked for.
        _ = isProxied;
        return builder.With(new EndpointAnnotation(name ?? "http", port ?? targetPort, env));
    }

    public static EndpointReference GetEndpoint<T>(this IResourceBuilder<T> builder, string name)
        where T : IResourceWithEndpoints => new(builder.Resource, name);

    public static EndpointReference GetEndpoint(this IResourceWithEndpoints resource, string name) => new(resource, name);

    /// <summary>Healthy is who answers a GET with 200, or the status code given.</summary>
    public static IResourceBuilder<T> WithHttpHealthCheck<T>(
        this IResourceBuilder<T> builder, string? path = null, int? statusCode = null, string? endpointName = null)
        where T : IResourceWithEndpoints
    {
        var endpoint = builder.GetEndpoint(endpointName ?? "http");
        var key = $"{builder.Resource.Name}_{endpoint.EndpointName}_{path}_{statusCode ?? 200}_check";
        builder.ApplicationBuilder.Services.AddHealthChecks().Add(new HealthCheckRegistration(
            key,
            services => new HttpHealthCheck(services.GetRequiredService<IHttpClientFactory>(), endpoint, path ?? "/", statusCode ?? 200),
            failureStatus: null,
            tags: null));
        return builder.WithHealthCheck(key);
    }

    /// <summary>Healthy is who passes the registered check of this name.</summary>
    public static IResourceBuilder<T> WithHealthCheck<T>(this IResourceBuilder<T> builder, string key)
        where T : IResource => builder.With(new HealthCheckAnnotation(key));

    private static IResourceBuilder<T> With<T>(this IResourceBuilder<T> builder, IResourceAnnotation annotation)
        where T : IResource
    {
        builder.Resource.Annotations.Add(annotation);
        return builder;
    }
}
