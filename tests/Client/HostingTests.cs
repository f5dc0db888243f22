using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using static Delivery.Client.Tests.Scenario;

namespace Delivery.Client.Tests;

public sealed class HostingTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Key", "")]
    [InlineData("ServerUrl", null)]
    [InlineData("BatchSize", "0")]
    [InlineData("FlushInterval", "00:10:00")]
    [InlineData("ApplicationName", "white space")]
    public async Task an_option_out_of_range_stops_the_start_and_is_named(string option, string? value)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Delivery:Client:ServerUrl"] = "http://delivery.test",
            ["Delivery:Client:Key"] = "key",
            [$"Delivery:Client:{option}"] = value,
        });
        builder.Services.AddDelivery();
        using var host = builder.Build();
        (await Should.ThrowAsync<OptionsValidationException>(host.StartAsync(Cancel))).Message.ShouldContain(option);
    }

    [Fact]
    public async Task an_http_request_is_one_scope_that_is_completed_with_its_route_and_outcome()
    {
        using var server = new ServerDouble();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseTestServer();
        builder.Services.AddRouting();
        builder.Services.AddDelivery(options =>
        {
            options.ServerUrl = new Uri("http://delivery.test");
            options.Key = "key";
            options.KeepRulesetOnDisk = false;
            options.CreateHandler = () => server;
        });
        await using var app = builder.Build();
        app.UseRouting();
        app.UseDelivery(http => new Evaluation.EvaluationContext(http.Request.Headers["X-User"]));
        app.MapGet("/checkout/{id}", (HttpContext http) =>
            http.Delivery().EvaluateBoolean("new-checkout", false) ? throw new InvalidOperationException("bad release") : "ok");

        var start = app.StartAsync(Cancel);
        await (await server.NextStreamAsync()).SendAsync(Ruleset(1, Boolean()));
        await start;
        using var http = app.GetTestClient();
        http.DefaultRequestHeaders.Add("X-User", "user-1");
        await Should.ThrowAsync<InvalidOperationException>(http.GetAsync("/checkout/7", Cancel));
        await app.StopAsync(Cancel);

        var sent = server.Received("/sdk/v1/events").ShouldHaveSingleItem();
        sent.GetProperty("unit").GetString().ShouldBe("user-1");
        sent.GetProperty("error").GetBoolean().ShouldBeTrue();
        sent.GetProperty("properties").GetProperty("route").GetString().ShouldBe("/checkout/{id}");
        sent.GetProperty("flags").GetProperty("new-checkout").GetProperty("variant").GetString().ShouldBe("on");
    }
}
