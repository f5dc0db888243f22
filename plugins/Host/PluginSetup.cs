using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Delivery.Plugins.Host;

/// <summary>Registers the plugin host.</summary>
public static class PluginSetup
{
    /// <summary>Finds, checks and loads the plugins; whatever can't be taken throws here, before the server listens.</summary>
    /// <exception cref="PluginRefused">A folder or an instance can't be taken.</exception>
    public static void AddPlugins(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var section = builder.Configuration.GetSection(PluginHostOptions.Section);
        builder.Services.AddOptions<PluginHostOptions>().Bind(section).ValidateDataAnnotations().ValidateOnStart();
        var installed = Catalogue.Load(section[nameof(PluginHostOptions.Folder)]);
        var bound = BoundInstance.All(section.GetSection("Instances"), installed);
        builder.Services.AddSingleton(services =>
        {
            var options = services.GetRequiredService<IOptions<PluginHostOptions>>().Value;
            var (time, logs) = (services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILoggerFactory>());
            return new PluginHost(installed, bound.Select(b => b.Make(options, time, logs)), time, logs.CreateLogger<PluginHost>());
        });
        foreach (var channel in bound.Where(b => b.Plugin.Manifest.Kind == PluginKinds.Channel))
            builder.Services.AddSingleton<INotificationChannel>(services => new InstanceChannel(channel.Name, services.GetRequiredService<PluginHost>()));
        builder.Services.AddHostedService(services => services.GetRequiredService<PluginHost>());
        builder.Services.AddSingleton<PluginReport>();
        builder.Services.AddSingleton<RouteSteering>();
    }
}
