using System.Globalization;
using System.Reflection;
using Delivery.EmbeddedPostgres;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Delivery.AppHost.Platform;

/// <summary>What a run can be told on the command line or in the environment. <see cref="HelpText"/> explains each.</summary>
internal sealed record PlatformOptions
{
    public const string HelpText =
        """
        dotnet run --project AppHost [-- options]: the whole platform on this machine.

          --Demo=false                     the bare platform, without the demo shop
          --Demo:Infrastructure=true       deployments instead of flags: HAProxy and Prometheus, where installed, beside
                                           three versions of the shop; a canary that is aborted, then blue/green
          --Postgres:Ephemeral=true        a fresh database, deleted at the end
          --Postgres:DataDirectory=<path>  where the data is kept (default: .delivery/postgres in the checkout;
                                           as root: /var/lib/delivery/<checkout>/postgres)
          --Postgres:Port=<port>           the database's port (default: a free one)
          --Server:Port=<port>             the server's port (default: a free one)
          --Shop:Port=<port>               the shop's port (default: a free one)
          --State:File=<path>              write addresses and the admin key there once all is healthy (mode 0600);
                                           removed at the end
          --AdminKey=<key>                 the admin key of this run (default: a new one)
          --Restart=false                  do not start a crashed resource again
          --help                           this text

        Environment:
          ConnectionStrings__delivery      a running PostgreSQL to use instead of an embedded one
          PG_BIN                           the folder of postgres and initdb
          OTEL_EXPORTER_OTLP_ENDPOINT      where telemetry goes
        """;

    private static readonly string[] Known =
    [
        "Demo", "Demo:Infrastructure", "Postgres:Ephemeral", "Postgres:DataDirectory", "Postgres:Port", "Server:Port", "Shop:Port", "State:File", "AdminKey",
        "Restart",
    ];

    public bool Demo { get; init; } = true;

    /// <summary>Whether the demo releases deployments through a router, and not flags.</summary>
    public bool Infrastructure { get; init; }

    public required string AdminKey { get; init; }

    /// <summary>Null: a temporary directory that is deleted at the end.</summary>
    public required string? DataDirectory { get; init; }

    public int? PostgresPort { get; init; }

    public int? ServerPort { get; init; }

    public int? ShopPort { get; init; }

    public string? StateFile { get; init; }

    /// <summary>A database given from outside; null runs the embedded one.</summary>
    public string? ConnectionString { get; init; }

    /// <exception cref="DistributedApplicationException">An option has no valid value.</exception>
    public static PlatformOptions From(IConfiguration configuration) => new()
    {
        Demo = Flag(configuration, "Demo", otherwise: true),
        Infrastructure = Flag(configuration, "Demo:Infrastructure", otherwise: false),
        AdminKey = configuration["AdminKey"] is { Length: > 0 } given ? AdminKeys.Checked(given) : AdminKeys.New(),
        DataDirectory = Flag(configuration, "Postgres:Ephemeral", otherwise: false)
            ? null
            : Path.GetFullPath(configuration["Postgres:DataDirectory"] ?? Places.DefaultDataDirectory(Checkout())),
        PostgresPort = Port(configuration, "Postgres:Port"),
        ServerPort = Port(configuration, "Server:Port"),
        ShopPort = Port(configuration, "Shop:Port"),
        StateFile = configuration["State:File"] is { Length: > 0 } file ? Path.GetFullPath(file) : null,
        ConnectionString = configuration.GetConnectionString(DeliveryDatabase.Name),
    };

    public static bool IsUnknown(string argument) =>
        !Known.Any(key => argument.StartsWith($"--{key}=", StringComparison.OrdinalIgnoreCase));

    /// <summary>The folder above the AppHost project, as the build recorded it.</summary>
    private static string Checkout() =>
        Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>()
            .FirstOrDefault(one => string.Equals(one.Key, "AppHostProjectPath", StringComparison.OrdinalIgnoreCase))?.Value is { } directory
            ? Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(directory))!
            : Directory.GetCurrentDirectory();

    private static bool Flag(IConfiguration configuration, string key, bool otherwise) => configuration[key] switch
    {
        null or "" => otherwise,
        var text when bool.TryParse(text, out var value) => value,
        var text => throw new DistributedApplicationException($"--{key}={text}: say true or false."),
    };

    private static int? Port(IConfiguration configuration, string key) => configuration[key] switch
    {
        null or "" => null,
        var text when int.TryParse(text, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65535 => port,
        var text => throw new DistributedApplicationException($"--{key}={text}: give a port from 1 to 65535."),
    };
}

internal static class PlatformOptionsExtensions
{
    /// <summary>Reads the options, and has the platform say where it is once all is healthy.</summary>
    public static PlatformOptions AddPlatformOptions(this IDistributedApplicationBuilder builder)
    {
        var options = PlatformOptions.From(builder.Configuration);
        builder.Services.AddSingleton(options);
        builder.Services.AddHostedService<ReadyAnnouncement>();
        return options;
    }
}
