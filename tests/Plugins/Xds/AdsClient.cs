using System.Threading.Channels;
using Delivery.Plugins.Xds;
using Delivery.Plugins.Xds.Wire;
using Grpc.Core;
using Grpc.Net.Client;
using Status = Delivery.Plugins.Xds.Wire.Status;

namespace Delivery.Plugins.Tests.Xds;

/// <summary>A client whose answers a test decides: it takes, refuses, or says nothing.</summary>
internal sealed class AdsClient : IAsyncDisposable
{
    private readonly GrpcChannel _channel;
    private readonly AsyncDuplexStreamingCall<DiscoveryRequest, DiscoveryResponse> _call;
    private readonly Dictionary<string, string[]> _names;
    private readonly Channel<DiscoveryResponse> _received = Channel.CreateUnbounded<DiscoveryResponse>();
    private readonly Func<DiscoveryResponse, string?>? _refuse;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly Task _reading;

    private AdsClient(GrpcChannel channel, Dictionary<string, string[]> names, Func<DiscoveryResponse, string?>? refuse)
    {
        (_channel, _names, _refuse) = (channel, names, refuse);
        _call = new AggregatedDiscoveryService.AggregatedDiscoveryServiceClient(channel).StreamAggregatedResources();
        _reading = ReadAsync();
    }

    /// <summary>What was received, in order.</summary>
    public ChannelReader<DiscoveryResponse> Received => _received.Reader;

    /// <summary>Why the stream ended, after it did.</summary>
    public StatusCode? Ended { get; private set; }

    /// <summary>Follows the route <c>shop</c> and answers by itself.</summary>
    /// <param name="server">The control plane.</param>
    /// <param name="refuse">The reason to refuse a response, or null to take it; null: no answer at all.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<AdsClient> FollowAsync(Uri server, Func<DiscoveryResponse, string?>? refuse, CancellationToken cancellationToken)
    {
        var client = Open(server, refuse, new()
        {
            [ResourceTypes.Route] = ["shop"],
            [ResourceTypes.Listener] = ["shop"],
            [ResourceTypes.Endpoints] = ["shop/stable", "shop/canary"],
            [ResourceTypes.Cluster] = ["shop/stable", "shop/canary"],
        });
        await client.AskAllAsync(cancellationToken);
        return client;
    }

    /// <summary>Opens a stream and says nothing yet.</summary>
    public static AdsClient Open(Uri server, Func<DiscoveryResponse, string?>? refuse, Dictionary<string, string[]> names, SocketsHttpHandler? handler = null) =>
        new(GrpcChannel.ForAddress(server, new GrpcChannelOptions { HttpHandler = handler ?? new SocketsHttpHandler(), DisposeHttpClient = true }), names, refuse);

    /// <summary>Whether this is what a call says that the other side has ended: a write that meets a connection just closed tells it as the connection's own error.</summary>
    public static bool IsEnded(Exception e) => e is RpcException or InvalidOperationException or IOException or HttpRequestException;

    /// <summary>Asks for every kind, in the order of the names given.</summary>
    public async Task AskAllAsync(CancellationToken cancellationToken)
    {
        foreach (var type in _names.Keys)
            await SendAsync(type, "", null, cancellationToken);
    }

    /// <summary>Sends a request or an answer.</summary>
    public async Task SendAsync(string type, string nonce, string? refusal, CancellationToken cancellationToken)
    {
        var request = new DiscoveryRequest
        {
            TypeUrl = type,
            ResponseNonce = nonce,
            ResourceNames = { _names[type] },
            Node = new Node { Id = "test" },
            ErrorDetail = refusal is null ? null : new Status { Code = 3, Message = refusal },
        };
        await _writing.WaitAsync(cancellationToken);
        try
        {
            await _call.RequestStream.WriteAsync(request, cancellationToken);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>The next response of a kind.</summary>
    public async Task<DiscoveryResponse> NextAsync(string type, CancellationToken cancellationToken)
    {
        await foreach (var response in Received.ReadAllAsync(cancellationToken))
        {
            if (response.TypeUrl == type)
                return response;
        }

        throw new InvalidOperationException($"the stream ended: {Ended}");
    }

    public async ValueTask DisposeAsync()
    {
        _call.Dispose();
        await _reading;
        _channel.Dispose();
        _writing.Dispose();
    }

    private async Task ReadAsync()
    {
        try
        {
            await foreach (var response in _call.ResponseStream.ReadAllAsync())
            {
                if (_refuse is not null)
                    await SendAsync(response.TypeUrl, response.Nonce, _refuse(response), CancellationToken.None);
                _received.Writer.TryWrite(response);
            }
        }
        catch (Exception e) when (IsEnded(e))
        {
            Ended = (e as RpcException)?.StatusCode;
        }

        _received.Writer.TryComplete();
    }
}
