using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Delivery.Plugins.Routing;

namespace Delivery.Plugins.Host;

/// <summary>
/// A router's own word of changes, behind the guard: the plugin's code runs on a thread of its own, its exceptions end the watch and are
/// written to its health, and one that hangs releases who follows it with the token. Who is slow gets the newest state.
/// </summary>
internal sealed class GuardedWatch(IWatchesRoutes inner, PluginHealth health, Redaction redaction)
{
    public async IAsyncEnumerable<RouteState> FollowAsync(string route, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var states = Channel.CreateBounded<RouteState>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });
        _ = Task.Factory.StartNew(
            () => CopyAsync(route, states.Writer, cancellationToken), CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);
        await foreach (var state in states.Reader.ReadAllAsync(cancellationToken))
            yield return state;
    }

    private async Task CopyAsync(string route, ChannelWriter<RouteState> states, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var state in inner.WatchAsync(route, cancellationToken))
                states.TryWrite(state);
        }
        catch (Exception thrown)
        {
            if (!cancellationToken.IsCancellationRequested)
                health.Failed("watch", new PluginError(PluginErrorKind.Internal, redaction.Of($"watch: the plugin threw {thrown.GetType().Name}: {thrown.Message}")));
        }
        finally
        {
            states.TryComplete();
        }
    }
}
