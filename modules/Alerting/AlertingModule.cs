using Delivery.Alerting.Channels;
using Delivery.Alerting.Delivering;
using Delivery.Alerting.Handling;
using Delivery.Alerting.Raising;
using Delivery.Alerting.Teams;
using Delivery.Plugins;
using JasperFx.Events.Projections;
using Marten;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Delivery.Alerting;

/// <summary>Alerts owned by teams, and the channels that carry them.</summary>
public static class AlertingModule
{
    private const string Schema = "alerting";

    /// <summary>Adds the module's services.</summary>
    public static void AddAlerting(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddOptions<AlertingOptions>().BindConfiguration("Alerting")
            .PostConfigure(o => o.RetryWaitSeconds = o.RetryWaitSeconds is [] ? AlertingOptions.DefaultWaits : o.RetryWaitSeconds)
            .ValidateDataAnnotations()
            .Validate(o => o.RetryWaitSeconds.All(w => w is >= 0 and <= 86_400), "Alerting:RetryWaitSeconds: each from 0 to 86400").ValidateOnStart();
        builder.Services.AddSingleton<INotificationChannel, WebhookChannel>();
        builder.Services.AddSingleton<ChannelKinds>();
        builder.Services.ConfigureMarten(options =>
        {
            options.Schema.For<Team>().DatabaseSchemaName(Schema);
            options.Schema.For<Alert>().DatabaseSchemaName(Schema);
            options.Schema.For<ChannelSecret>().DatabaseSchemaName(Schema);
            options.Projections.Snapshot<Team>(SnapshotLifecycle.Inline);
            options.Projections.Snapshot<Alert>(SnapshotLifecycle.Inline);
        });
    }

    /// <summary>Maps the module's endpoints.</summary>
    public static void MapAlerting(this IEndpointRouteBuilder endpoints) => endpoints.MapAlertsAndTeams();
}
