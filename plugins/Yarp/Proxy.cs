using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Forwarder;

namespace Delivery.Plugins.Yarp;

/// <summary>The proxy: a listener of its own, and YARP's forwarder behind it.</summary>
internal sealed class Proxy : IAsyncDisposable
{
    private static readonly Forwarding Transform = new();

    private readonly WebApplication _app;
    private readonly HttpMessageInvoker _client;
    private readonly Mirror _mirror;
    private readonly RouteCell[] _cells;
    private readonly Dictionary<RouteCell, ForwarderRequestConfig> _configs;
    private readonly IHttpForwarder _forwarder;

    private Proxy(WebApplication app, ImmutableArray<RouteCell> cells)
    {
        _app = app;
        _client = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            EnableMultipleHttp2Connections = true,
            ActivityHeadersPropagator = new ReverseProxyPropagator(DistributedContextPropagator.Current),
            ConnectTimeout = TimeSpan.FromSeconds(15),
        });
        _mirror = new Mirror(_client);
        _cells = [.. cells.OrderByDescending(c => c.Options.Host is not null).ThenByDescending(c => c.Options.Path.Length)];
        _configs = _cells.ToDictionary(c => c, c => new ForwarderRequestConfig { ActivityTimeout = TimeSpan.FromSeconds(c.Options.SilenceSeconds) });
        _forwarder = app.Services.GetRequiredService<IHttpForwarder>();
    }

    /// <summary>Where it listens.</summary>
    public IReadOnlyCollection<string> Addresses => [.. _app.Urls];

    /// <summary>Starts listening; throws when it can't.</summary>
    public static async Task<Proxy> StartAsync(YarpOptions options, ImmutableArray<RouteCell> cells, PluginContext context, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
        });
        builder.Services.AddSingleton(context.Time);
        builder.Services.AddHttpForwarder();
        var app = builder.Build();
        foreach (var url in options.Listen)
            app.Urls.Add(url.GetLeftPart(UriPartial.Authority));
        var proxy = new Proxy(app, cells);
        app.Run(proxy.ForwardAsync);
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch
        {
            await proxy.DisposeAsync();
            throw;
        }

        return proxy;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        await _mirror.DisposeAsync();
        _client.Dispose();
    }

    private async Task ForwardAsync(HttpContext http)
    {
        if (Route(http.Request) is not { } cell)
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        var (arm, mirrors, cut) = cell.Choose(http.Request);
        if (mirrors && cell.MirrorTo is { } copyTo)
            await _mirror.CopyAsync(http, copyTo, cell.Options.MirrorMostBytes);
        await _forwarder.SendAsync(http, cell.Options.Arms[arm].ToString().TrimEnd('/'), _client, _configs[cell], Transform, cut);
    }

    private RouteCell? Route(HttpRequest request) => Array.Find(_cells, c =>
        (c.Options.Host is null || request.Host.Host.Equals(c.Options.Host, StringComparison.OrdinalIgnoreCase))
        && (c.Options.Path == "/" || request.Path.StartsWithSegments(c.Options.Path.TrimEnd('/'))));

    /// <summary>What YARP forwards by default, with who asked.</summary>
    private sealed class Forwarding : HttpTransformer
    {
        public override async ValueTask TransformRequestAsync(HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
        {
            await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
            if (httpContext.Connection.RemoteIpAddress is { } from)
                proxyRequest.Headers.TryAddWithoutValidation("X-Forwarded-For", from.ToString());
            proxyRequest.Headers.TryAddWithoutValidation("X-Forwarded-Proto", httpContext.Request.Scheme);
            proxyRequest.Headers.TryAddWithoutValidation("X-Forwarded-Host", httpContext.Request.Host.Value);
        }
    }
}
