using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Delivery.Alerting.Tests;

/// <summary>A real webhook receiver on loopback that answers what the test queued (200 when nothing is), and keeps what came.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Queue<int> _answers;
    private readonly Channel<Received> _received = Channel.CreateUnbounded<Received>();

    private Receiver(WebApplication app, IEnumerable<int> answers)
    {
        _app = app;
        _answers = new Queue<int>(answers);
    }

    public string Url => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single() + "/hook";

    public static async Task<Receiver> StartAsync(CancellationToken cancellationToken, params int[] answers)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var receiver = new Receiver(app, answers);
        app.MapPost("/hook", receiver.Take);
        await app.StartAsync(cancellationToken);
        return receiver;
    }

    /// <summary>Waits for the next request.</summary>
    public async Task<Received> NextAsync(CancellationToken cancellationToken) => await _received.Reader.ReadAsync(cancellationToken);

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task Take(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        http.Response.StatusCode = _answers.TryDequeue(out var status) ? status : 200;
        await _received.Writer.WriteAsync(new Received(body.ToArray(), http.Request.Headers["X-Delivery-Signature"].ToString(), http.Request.Headers["X-Delivery-Id"].ToString()));
    }
}

internal sealed record Received(byte[] Body, string Signature, string Id);
