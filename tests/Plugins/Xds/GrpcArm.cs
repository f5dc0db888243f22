using System.Buffers.Binary;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Delivery.Plugins.Tests.Xds;

/// <summary>A deployment behind an arm that speaks gRPC: it answers every call with its arm's name.</summary>
internal sealed class GrpcArm : IAsyncDisposable
{
    private readonly WebApplication _app;

    private GrpcArm(WebApplication app) => _app = app;

    /// <summary>Where it listens, as an endpoint.</summary>
    public string Endpoint => new Uri(_app.Urls.Single()).Authority;

    public static async Task<GrpcArm> StartAsync(string arm, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l => l.Protocols = HttpProtocols.Http2));
        builder.Services.AddSingleton(TimeProvider.System);
        var app = builder.Build();
        var message = Message(arm);
        app.Run(async http =>
        {
            await http.Request.Body.CopyToAsync(Stream.Null, http.RequestAborted);
            http.Response.ContentType = "application/grpc";
            await http.Response.Body.WriteAsync(message, http.RequestAborted);
            http.Response.AppendTrailer("grpc-status", "0");
        });
        await app.StartAsync(cancellationToken);
        return new GrpcArm(app);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    /// <summary>gRPC's frame: not compressed, the length, the message.</summary>
    private static byte[] Message(string text)
    {
        var message = new byte[5 + text.Length];
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), text.Length);
        Encoding.ASCII.GetBytes(text, message.AsSpan(5));
        return message;
    }
}
