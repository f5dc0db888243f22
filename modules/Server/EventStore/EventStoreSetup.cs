using System.Text.Json;
using System.Text.Json.Serialization;
using Delivery.Contracts.Http;
using JasperFx;
using JasperFx.Events;
using Marten;
using Npgsql;
using Weasel.Core;
using Wolverine.Marten;

namespace Delivery.Server.EventStore;

/// <summary>
/// One Marten store: one event log in one global order for all modules. Each module adds its own documents, in its own
/// schema, with <c>services.ConfigureMarten</c>; it touches only its own streams.
/// </summary>
internal static class EventStoreSetup
{
    public const string ConnectionName = "delivery";

    public static void AddEventStore(this WebApplicationBuilder builder)
    {
        var connectionString = builder.Configuration.GetConnectionString(ConnectionName)
            ?? throw new InvalidOperationException(
                $"No database: set ConnectionStrings__{ConnectionName} to a PostgreSQL 13+ connection string (dotnet run --project AppHost does it).");

        builder.Services.AddSingleton(_ => new NpgsqlDataSourceBuilder(connectionString) { Name = "delivery" }.Build());
        builder.Services.AddMarten(provider =>
            {
                var options = new StoreOptions { AutoCreateSchemaObjects = AutoCreate.CreateOrUpdate };
                options.Events.StreamIdentity = StreamIdentity.AsString;
                options.Events.AppendMode = EventAppendMode.Rich;
                options.Events.MetadataConfig.EnableAll();
                options.Events.MetadataConfig.UserNameEnabled = true;
                options.Events.TimeProvider = provider.GetRequiredService<TimeProvider>();
                options.Events.DatabaseSchemaName = "events";
                options.DatabaseSchemaName = "documents";
                options.Projections.Errors.SkipApplyErrors = false;
                options.Projections.Errors.SkipSerializationErrors = false;
                options.Projections.Errors.SkipUnknownEvents = false;
                options.UseSystemTextJsonForSerialization(casing: Casing.CamelCase, configure: StoredJson);
                return options;
            })
            .UseLightweightSessions()
            .UseNpgsqlDataSource()
            .ApplyAllDatabaseChangesOnStartup()
            .IntegrateWithWolverine(integration => integration.MessageStorageSchemaName = "messages");
    }

    /// <summary>The API's dialect, but for what is stored: nulls were left out, and old events outlive the shape of their types.</summary>
    private static void StoredJson(JsonSerializerOptions options)
    {
        Json.Configure(options);
        options.RespectRequiredConstructorParameters = false;
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip;
    }
}
