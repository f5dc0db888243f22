using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Delivery.Plugins.Routing;

namespace Delivery.Plugins;

/// <summary>Tells who follows a route of each new state; who is slow gets the newest one. Compiled into each router that holds its state itself.</summary>
internal sealed class RouteChanges
{
    private event Action<RouteState>? Changed;

    public void Tell(RouteState state) => Changed?.Invoke(state);

    /// <summary>What is there now, then every change.</summary>
    public async IAsyncEnumerable<RouteState> FollowAsync(Func<RouteState> now, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var changes = Channel.CreateBounded<RouteState>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });
        void Write(RouteState state) => changes.Writer.TryWrite(state);
        Changed += Write;
        try
        {
            yield return now();
            await foreach (var state in changes.Reader.ReadAllAsync(cancellationToken))
                yield return state;
        }
        finally
        {
            Changed -= Write;
        }
    }
}
