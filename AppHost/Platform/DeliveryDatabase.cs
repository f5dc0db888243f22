using System.Net;
using System.Net.Sockets;
using System.Reflection;
using Delivery.EmbeddedPostgres;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Delivery.AppHost.Platform;

/// <summary>The platform's database: given from outside, a container when publishing, else the embedded PostgreSQL.</summary>
internal static class DeliveryDatabase
{
    public const string Name = "delivery";

    public static IResourceBuilder<IResourceWithConnectionString> AddDeliveryDatabase(
        this IDistributedApplicationBuilder builder, PlatformOptions options)
    {
        if (options.ConnectionString is not null)
            return builder.AddConnectionString(Name);
#if USE_ASPIRE
        // The manifest knows nothing of this machine's programs.
        if (builder.ExecutionContext.IsPublishMode)
            return builder.AddPostgres("postgres").AddDatabase(Name);
#endif
        return builder.AddEmbeddedPostgres("postgres", options).AddDatabase(Name);
    }

    private static IResourceBuilder<EmbeddedPostgresResource> AddEmbeddedPostgres(
        this IDistributedApplicationBuilder builder, string name, PlatformOptions options)
    {
        var port = options.PostgresPort ?? FreePort();
        var password = PasswordFor(options);
        var resource = new EmbeddedPostgresResource(name, "dotnet", AppContext.BaseDirectory, port, password);
        return builder.AddResource(resource)
            .WithArgs([Assembly.GetExecutingAssembly().Location, .. EmbeddedPostgresProcess.Arguments(options.DataDirectory, port, Name)])
            .WithEnvironment(EmbeddedPostgresProcess.PasswordVariable, password);
    }

    private static IResourceBuilder<EmbeddedDatabaseResource> AddDatabase(this IResourceBuilder<EmbeddedPostgresResource> postgres, string name)
    {
        var database = new EmbeddedDatabaseResource(name, postgres.Resource);
        var check = $"{name}_check";
        postgres.ApplicationBuilder.Services.AddHealthChecks().AddAsyncCheck(check, async cancellationToken =>
            await database.ConnectionStringExpression.GetValueAsync(cancellationToken) is { } connectionString
            && await PostgresCluster.HasDatabaseAsync(connectionString, cancellationToken)
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Unhealthy("The database does not answer yet."));
        postgres.WithHealthCheck(check);
        return postgres.ApplicationBuilder.AddResource(database).WithHealthCheck(check);
    }

    private static string PasswordFor(PlatformOptions options)
    {
        try
        {
            return options.DataDirectory is { } directory ? PostgresCluster.EnsurePassword(directory) : PostgresCluster.NewPassword();
        }
        catch (PostgresClusterException exception)
        {
            throw new DistributedApplicationException(exception.Message, exception);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
