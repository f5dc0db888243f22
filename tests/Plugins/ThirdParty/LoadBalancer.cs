using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Delivery.Plugins.Tests.ThirdParty;

/// <summary>The guide's load balancer: one route, a GET and a PUT that minds If-Match. What it holds outlives a restart.</summary>
internal sealed class LoadBalancer(X509Certificate2? certificate = null) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Spread _spread = new();
    private readonly int _port = FreePort.Take();
    private byte[] _held = Encoding.UTF8.GetBytes("""{"weights":{"pool-a":100},"generation":0}""");
    private WebApplication _app = null!;

    public const string Key = "the-key-of-the-load-balancer";

    public Uri Address => new($"{(certificate is null ? "http" : "https")}://127.0.0.1:{_port}");

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, _port, l =>
        {
            if (certificate is not null)
                l.UseHttps(certificate);
        }));
        builder.Services.AddSingleton(TimeProvider.System);
        _app = builder.Build();
        _app.Run(AnswerAsync);
        await _app.StartAsync(cancellationToken);
    }

    public async Task StopAsync() => await _app.DisposeAsync();

    /// <summary>Somebody else changes it.</summary>
    public void Change(string held)
    {
        lock (_lock)
            _held = Encoding.UTF8.GetBytes(held);
    }

    /// <summary>The pool that a request goes to.</summary>
    public string Send()
    {
        byte[] held;
        lock (_lock)
            held = _held;
        using var document = JsonDocument.Parse(held);
        return _spread.Pick(document.RootElement.GetProperty("weights").EnumerateObject().Select(w => (w.Name, w.Value.GetInt32())).ToList());
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private static string TagOf(byte[] held) => $"\"{Convert.ToHexString(SHA256.HashData(held))[..16]}\"";

    private async Task AnswerAsync(HttpContext http)
    {
        var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        var (status, held) = Answer(http.Request, body.ToArray());
        http.Response.StatusCode = status;
        if (status != 200)
            return;
        http.Response.ContentType = "application/json";
        http.Response.Headers.ETag = TagOf(held);
        await http.Response.Body.WriteAsync(held, http.RequestAborted);
    }

    private (int Status, byte[] Held) Answer(HttpRequest request, byte[] body)
    {
        lock (_lock)
        {
            if (request.Headers.Authorization != $"Bearer {Key}")
                return (401, []);
            if (request.Path != "/routes/shop")
                return (404, []);
            if (request.Method == "PUT" && request.Headers.IfMatch is [{ } tag] && tag != TagOf(_held))
                return (412, []);
            if (request.Method == "PUT")
                _held = body;
            return (200, _held);
        }
    }
}
