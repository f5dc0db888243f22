using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Abstractions;
using Microsoft.AspNetCore.Http.Features;

namespace Delivery.Server.ShortRoad;

/// <summary>
/// The web server, with the short road branching off before the application: what the framework does for each request there
/// (an activity, a log scope, a context that can be asked for anywhere) costs more than the whole answer.
/// </summary>
internal sealed class ShortRoadServer(IServer server, ShortRoads roads) : IServer
{
    public IFeatureCollection Features => server.Features;

    public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
        where TContext : notnull =>
        server.StartAsync(new Fork<TContext>(application, roads), cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => server.StopAsync(cancellationToken);

    public void Dispose() => server.Dispose();

    private sealed class Fork<TContext>(IHttpApplication<TContext> application, ShortRoads roads) : IHttpApplication<Travel<TContext>>
        where TContext : notnull
    {
        /// <summary>The web server keeps one for each connection.</summary>
        public Travel<TContext> CreateContext(IFeatureCollection contextFeatures)
        {
            var kept = contextFeatures as IHostContextContainer<Travel<TContext>>;
            var travel = kept?.HostContext ?? new Travel<TContext>(new ShortTrip(roads));
            if (kept is not null)
                kept.HostContext = travel;
            if (!travel.Short.TryBegin(contextFeatures))
                travel.Ordinary = application.CreateContext(contextFeatures);
            return travel;
        }

        public Task ProcessRequestAsync(Travel<TContext> context) =>
            context.Short.IsUnderWay ? context.Short.AnswerAsync() : application.ProcessRequestAsync(context.Ordinary!);

        public void DisposeContext(Travel<TContext> context, Exception? exception)
        {
            if (context.Short.IsUnderWay)
            {
                context.Short.End();
                return;
            }

            application.DisposeContext(context.Ordinary!, exception);
            context.Ordinary = default;
        }
    }

    /// <summary>A request on either road.</summary>
    private sealed class Travel<TContext>(ShortTrip trip)
    {
        public ShortTrip Short => trip;

        public TContext? Ordinary { get; set; }
    }
}
