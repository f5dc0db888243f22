using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Delivery.Plugins.Tests;

/// <summary>A deployment behind an arm: a real server that says which arm it is.</summary>
internal sealed class ArmService : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ArmService(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.Single());

    /// <summary>What it was asked: path and body.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    /// <summary>What a request to <c>/waits</c> waits for.</summary>
    public TaskCompletionSource Waiting { get; } = new();

    public static async Task<ArmService> StartAsync(string arm, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.AddSingleton(TimeProvider.System);
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        var service = new ArmService(app);
        app.Run(async http =>
        {
            using var body = new StreamReader(http.Request.Body);
            service.Asked.Enqueue($"{http.Request.Method} {http.Request.Path}{http.Request.QueryString} {await body.ReadToEndAsync(http.RequestAborted)}".TrimEnd());
            if (http.Request.Path == "/waits")
                await service.Waiting.Task.WaitAsync(http.RequestAborted);
            await http.Response.WriteAsync(arm, http.RequestAborted);
        });
        await app.StartAsync(cancellationToken);
        return service;
    }

    public async ValueTask DisposeAsync()
    {
        Waiting.TrySetResult();
        await _app.DisposeAsync();
    }
}
