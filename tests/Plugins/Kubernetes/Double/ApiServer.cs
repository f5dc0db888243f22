using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Delivery.Plugins.Tests.Kubernetes;

/// <summary>
/// A double of the Kubernetes API server for custom resources: get, merge patch with <c>resourceVersion</c>, dry run, strict field
/// validation, the published schemas, watch, bearer tokens. <c>ApiServerTests</c> tests it itself.
/// </summary>
internal sealed class ApiServer : IAsyncDisposable
{
    private readonly X509Certificate2? _certificate;
    private WebApplication _app = null!;
    private readonly int _port = FreePort.Take();

    private ApiServer(X509Certificate2? certificate) => _certificate = certificate;

    public Uri Address => new($"{(_certificate is null ? "http" : "https")}://127.0.0.1:{_port}");

    public Store Store { get; } = new();

    /// <summary>The token that is let in; null for anybody.</summary>
    public string? Token { get; set; }

    /// <summary>Answers that come instead of the next requests' own.</summary>
    public ConcurrentQueue<(int Status, int? RetryAfterSeconds)> Instead { get; } = new();

    /// <summary>The answer to the next write instead of its own.</summary>
    public (int Status, int? RetryAfterSeconds)? InsteadOfWrite { get; set; }

    /// <summary>What somebody else does just before a write is looked at.</summary>
    public Action? BeforeWrite { get; set; }

    /// <summary>What was asked: method, path and query.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    public static async Task<ApiServer> StartAsync(CancellationToken cancellationToken, X509Certificate2? certificate = null)
    {
        var server = new ApiServer(certificate);
        await server.StartAgainAsync(cancellationToken);
        return server;
    }

    /// <summary>Stops listening; what is stored stays, as in etcd.</summary>
    public async Task StopAsync() => await _app.DisposeAsync();

    public async Task StartAgainAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, _port, l =>
        {
            if (_certificate is not null)
                l.UseHttps(_certificate);
        }));
        builder.Services.AddSingleton(TimeProvider.System).Configure<Microsoft.Extensions.Hosting.HostOptions>(h => h.ShutdownTimeout = TimeSpan.Zero);
        _app = builder.Build();
        _app.Run(async http =>
        {
            try
            {
                await AnswerAsync(http);
            }
            catch (Exception e) when (e is not OperationCanceledException && !http.Response.HasStarted)
            {
                await StatusAsync(http, 500, $"the double failed: {e}");
            }
        });
        await _app.StartAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private static string PathOf(HttpRequest request) => request.Path.Value!;

    private async Task AnswerAsync(HttpContext http)
    {
        Asked.Enqueue($"{http.Request.Method} {PathOf(http.Request)}{http.Request.QueryString}");
        if (http.Request.Method != "GET" && InsteadOfWrite is { } refusal)
        {
            Instead.Enqueue(refusal);
            InsteadOfWrite = null;
        }

        if (Instead.TryDequeue(out var instead))
        {
            if (instead.RetryAfterSeconds is { } seconds)
                http.Response.Headers.RetryAfter = $"{seconds}";
            await StatusAsync(http, instead.Status, "instead");
        }
        else if (Token is not null && http.Request.Headers.Authorization != $"Bearer {Token}")
            await StatusAsync(http, 401, "Unauthorized");
        else if (http.Request.Method == "GET" && http.Request.Query.ContainsKey("watch"))
            await WatchAsync(http);
        else if (Store.Get(PathOf(http.Request)) is not { } found)
            await StatusAsync(http, 404, $"{PathOf(http.Request)} not found");
        else if (http.Request.Method == "GET")
            await http.Response.WriteAsJsonAsync(found);
        else if (http.Request.Method == "PATCH" && http.Request.ContentType?.StartsWith("application/merge-patch+json", StringComparison.Ordinal) == true)
            await PatchAsync(http);
        else
            await StatusAsync(http, http.Request.Method == "PATCH" ? 415 : 405, "not here");
    }

    private async Task PatchAsync(HttpContext http)
    {
        BeforeWrite?.Invoke();
        var found = Store.Get(PathOf(http.Request))!;
        var patch = (await JsonNode.ParseAsync(http.Request.Body))!.AsObject();
        var version = (string?)patch["metadata"]?["resourceVersion"];
        if (version is not null && version != (string?)found["metadata"]!["resourceVersion"])
        {
            await StatusAsync(http, 409, "Operation cannot be fulfilled: the object has been modified; please apply your changes to the latest version and try again");
            return;
        }

        version = (string)found["metadata"]!["resourceVersion"]!;
        var crd = CrdSchema.All.Single(s => s.Plural == PathOf(http.Request).Split('/')[^2]);
        Merge(found, patch);
        if (http.Request.Query["fieldValidation"] == "Strict" && crd.Unknown(found).ToList() is [_, ..] unknown)
            await StatusAsync(http, 400, $"strict decoding error: {string.Join(", ", unknown)}");
        else
        {
            crd.Default(found);
            if (crd.Invalid(found) is [_, ..] invalid)
                await StatusAsync(http, 422, $"{crd.Kind} is invalid: {string.Join("; ", invalid)}");
            else if (http.Request.Query["dryRun"] == "All")
                await http.Response.WriteAsJsonAsync(found);
            else if (Store.Put(PathOf(http.Request), found, version) is { } stored)
                await http.Response.WriteAsJsonAsync(stored);
            else
                await StatusAsync(http, 409, "the object has been modified");
        }
    }

    private async Task WatchAsync(HttpContext http)
    {
        var name = http.Request.Query["fieldSelector"].ToString().Split('=')[^1];
        var version = long.Parse(http.Request.Query["resourceVersion"]!, System.Globalization.CultureInfo.InvariantCulture);
        await http.Response.StartAsync(http.RequestAborted);
        while (!http.RequestAborted.IsCancellationRequested)
        {
            var (changes, now, more) = Store.Since(version, $"{PathOf(http.Request)}/{name}");
            version = now;
            foreach (var change in changes)
                await http.Response.WriteAsync($"{new JsonObject { ["type"] = "MODIFIED", ["object"] = change }.ToJsonString()}\n", http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
            await more.WaitAsync(http.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static Task StatusAsync(HttpContext http, int status, string message)
    {
        http.Response.StatusCode = status;
        return http.Response.WriteAsJsonAsync(new JsonObject { ["kind"] = "Status", ["apiVersion"] = "v1", ["status"] = "Failure", ["code"] = status, ["message"] = message });
    }

    /// <summary>RFC 7396.</summary>
    internal static void Merge(JsonObject target, JsonObject patch)
    {
        foreach (var (name, value) in patch)
        {
            if (value is null)
                target.Remove(name);
            else if (value is JsonObject inner)
            {
                if (target[name] is not JsonObject)
                    target[name] = new JsonObject();
                Merge(target[name]!.AsObject(), inner);
            }
            else
                target[name] = value.DeepClone();
        }
    }
}
