using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Delivery.Client;

/// <summary>Registers the client.</summary>
public static class DeliveryServices
{
    /// <summary>
    /// Registers one <see cref="DeliveryClient"/>, started before the application's own hosted services that follow and
    /// stopped after them. Options come from the section <see cref="DeliveryClientOptions.Section"/> and are checked at the start.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Changes the options after the configuration.</param>
    /// <returns>The services.</returns>
    public static IServiceCollection AddDelivery(this IServiceCollection services, Action<DeliveryClientOptions>? configure = null)
    {
        var options = services.AddOptions<DeliveryClientOptions>()
            .BindConfiguration(DeliveryClientOptions.Section)
            .ValidateDataAnnotations()
            .ValidateOnStart();
        if (configure is not null)
            options.Configure(configure);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(static provider => new DeliveryClient(
            provider.GetRequiredService<IOptions<DeliveryClientOptions>>().Value,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILoggerFactory>()));
        services.AddHostedService<ClientService>();
        return services;
    }

    private sealed class ClientService(DeliveryClient client) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => client.StartAsync(cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => client.StopAsync(cancellationToken);
    }
}
