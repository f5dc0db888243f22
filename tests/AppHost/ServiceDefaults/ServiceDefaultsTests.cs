using System.Diagnostics;
using System.Net;
using Delivery.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace AppHost.Tests.ServiceDefaults;

public sealed class ServiceDefaultsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task health_runs_all_checks_and_alive_only_the_live_ones()
    {
        await using var service = await StartAsync(
            builder => builder.Services.AddHealthChecks().AddCheck("database", () => HealthCheckResult.Unhealthy()));

        (await service.Client.GetAsync("/health", Cancellation)).StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await service.Client.GetAsync("/alive", Cancellation)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task metrics_can_be_scraped_and_take_the_callers_conditions()
    {
        await using var open = await StartAsync(_ => { }, app => app.MapPrometheusScrape());
        await using var conditional = await StartAsync(_ => { }, app => app.MapPrometheusScrape().RequireHost("elsewhere.example"));

        (await open.Client.GetAsync("/metrics", Cancellation)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await conditional.Client.GetAsync("/metrics", Cancellation)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task the_service_stops_when_its_starter_has_ended()
    {
        using var starter = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "exec sleep 600"]))!;
        var parent = ProcessText(starter);
        await using var service = await StartAsync(builder => builder.Configuration["DELIVERY_PARENT_PROCESS"] = parent);
        service.App.Lifetime.ApplicationStopping.IsCancellationRequested.ShouldBeFalse();

        starter.Kill();

        await service.App.WaitForShutdownAsync(Cancellation);
    }

    [Fact]
    public async Task a_starter_whose_number_another_process_has_now_counts_as_ended()
    {
        await using var service = await StartAsync(builder => builder.Configuration["DELIVERY_PARENT_PROCESS"] = $"{Environment.ProcessId}:1");

        await service.App.WaitForShutdownAsync(Cancellation);
    }

    private static string ProcessText(Process process) => ProcessIdentity.Of(process)!.ToString();

    private static async Task<RunningService> StartAsync(Action<WebApplicationBuilder> configure, Action<WebApplication>? map = null)
    {
        var builder = WebApplication.CreateBuilder(["--urls=http://127.0.0.1:0", "--Logging:LogLevel:Default=None"]);
        builder.AddServiceDefaults();
        configure(builder);
        var app = builder.Build();
        app.MapDefaultEndpoints();
        map?.Invoke(app);
        await app.StartAsync(Cancellation);
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return new RunningService(app, new HttpClient { BaseAddress = new Uri(address) });
    }

    private sealed record RunningService(WebApplication App, HttpClient Client) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            Client.Dispose();
            await App.DisposeAsync();
        }
    }
}
