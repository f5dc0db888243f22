using Delivery.Plugins.Xds.Wire;
using Grpc.Core;
using Status = Grpc.Core.Status;

namespace Delivery.Plugins.Xds;

/// <summary>The aggregated discovery service: one stream a client, for all kinds of resources.</summary>
internal sealed class AdsService(Catalogue catalogue, ConnectedClients clients, ControlPlaneEnd end) : AggregatedDiscoveryService.AggregatedDiscoveryServiceBase
{
    public override async Task StreamAggregatedResources(
        IAsyncStreamReader<DiscoveryRequest> requestStream, IServerStreamWriter<DiscoveryResponse> responseStream, ServerCallContext context)
    {
        var stream = new AdsStream(end.Epoch);
        if (!clients.TryAdd(stream))
            throw new RpcException(new Status(StatusCode.ResourceExhausted, "as many clients are connected as this control plane takes"));
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, end.Token);
        var reading = ReadAsync(stream, requestStream, ended.Token);
        try
        {
            await foreach (var _ in stream.Wakes.ReadAllAsync(ended.Token))
            {
                while (stream.Next(catalogue) is { } response)
                    await responseStream.WriteAsync(response, ended.Token);
            }
        }
        catch (Exception e) when (IsEnd(e))
        {
            // A client that goes is no fault: it comes again, and is told everything again.
        }
        finally
        {
            clients.Remove(stream);
            await ended.CancelAsync();
            await reading;
        }
    }

    private async Task ReadAsync(AdsStream stream, IAsyncStreamReader<DiscoveryRequest> requests, CancellationToken cancellationToken)
    {
        try
        {
            while (await requests.MoveNext(cancellationToken))
            {
                stream.Take(requests.Current);
                stream.Wake();
                clients.Said();
            }
        }
        catch (Exception e) when (IsEnd(e))
        {
            // As above.
        }
        finally
        {
            stream.End();
        }
    }

    private static bool IsEnd(Exception e) => e is OperationCanceledException or IOException or InvalidOperationException or RpcException;
}

/// <summary>The control plane's end, which ends every stream; and since when it runs, which tells its versions from those before a restart.</summary>
internal sealed class ControlPlaneEnd(string epoch) : IDisposable
{
    private readonly CancellationTokenSource _end = new();

    public string Epoch { get; } = epoch;
    public CancellationToken Token => _end.Token;

    public Task CancelAsync() => _end.CancelAsync();

    public void Dispose() => _end.Dispose();
}
