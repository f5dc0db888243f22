using Delivery.AppHost.Infrastructure;
using Delivery.AppHost.Platform;

if (await CommandLine.TryEndEarlyAsync(args) is { } exitCode)
    return exitCode;

var builder = DistributedApplication.CreateBuilder(args);
var options = builder.AddPlatformOptions();

var adminKey = builder.AddParameter("admin-key", options.AdminKey, secret: true);

var database = builder.AddDeliveryDatabase(options);

var server = builder.AddProject<Projects.Delivery_Server>("server")
    .WithHttpEndpoint(port: options.ServerPort)
    .WithHttpHealthCheck("/health")
    .WithReference(database)
    .WaitFor(database)
    .WithEnvironment("Delivery__Access__BootstrapAdminKey", adminKey);

using var deployments = options.Infrastructure ? DeploymentDemo.Of(InstalledPrograms.Find, Console.WriteLine) : null;
if (deployments is not null)
    builder.AddDeployments(deployments, server, adminKey);
else if (options.Demo)
    builder.AddProject<Projects.Shop>("shop")
        .WithHttpEndpoint(port: options.ShopPort)
        .WithHttpHealthCheck("/health")
        .WaitFor(server)
        .WithEnvironment("Delivery__ServerUrl", server.GetEndpoint("http"))
        .WithEnvironment("Delivery__AdminKey", adminKey);

await builder.Build().RunAsync();
return Environment.ExitCode;
