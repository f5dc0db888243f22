using System.Threading.Channels;
using Delivery.Shop.Storefront;
using Microsoft.Extensions.Options;

namespace Delivery.Shop.Traffic;

/// <summary>Sends real HTTP requests to the shop's own address, or the one that is configured, at a steady rate, each for a customer drawn at random.</summary>
internal sealed partial class TrafficGenerator(
    IOptions<TrafficOptions> options, ShopAddress shop, TimeProvider time, ILogger<TrafficGenerator> logger) : BackgroundService
{
    private const ulong Seed = 42;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan ReportEvery = TimeSpan.FromMinutes(1);

    private readonly Dice _dice = new(Seed);
    private long _sent;
    private long _failed;
    private long _skipped;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.RequestsPerSecond == 0)
            return;
        var listening = await shop.WhenListeningAsync(stoppingToken);
        var address = options.Value.Address ?? listening;
        // Not from the factory: its resilience handler would repeat the requests that fail, and they are meant to count.
        using var handler = new SocketsHttpHandler { MaxConnectionsPerServer = options.Value.Parallel, UseCookies = false };
        using var http = new HttpClient(handler) { BaseAddress = address, Timeout = TimeSpan.FromSeconds(10) };
        await WhenOpenAsync(http, stoppingToken);
        var visits = Channel.CreateBounded<Visit>(options.Value.Parallel);
        LogStarted(options.Value.RequestsPerSecond, options.Value.Customers, address);
        var customers = Enumerable.Range(0, options.Value.Parallel).Select(_ => VisitAsync(http, visits.Reader, stoppingToken)).ToArray();
        try
        {
            await PaceAsync(visits.Writer, stoppingToken);
        }
        finally
        {
            visits.Writer.Complete();
            await Task.WhenAll(customers);
        }
    }

    /// <summary>A router in front of the shop may need a moment longer than the shop: nobody comes before it opens.</summary>
    private async Task WhenOpenAsync(HttpClient http, CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                using var response = await http.GetAsync(new Uri("/alive", UriKind.Relative), stoppingToken);
                if (response.IsSuccessStatusCode)
                    return;
            }
            catch (Exception fault) when (fault is HttpRequestException or TaskCanceledException && !stoppingToken.IsCancellationRequested)
            {
                LogClosed(fault.Message);
            }

            await Task.Delay(Tick, time, stoppingToken);
        }
    }

    private async Task PaceAsync(ChannelWriter<Visit> visits, CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Tick, time);
        var (last, reported, due) = (time.GetTimestamp(), time.GetTimestamp(), 0.0);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var now = time.GetTimestamp();
            // A pause of the machine is not made up for: a burst would say nothing about the shop.
            due += Math.Min(time.GetElapsedTime(last, now).TotalSeconds, 0.25) * options.Value.RequestsPerSecond;
            last = now;
            for (; due >= 1; due--)
            {
                if (!visits.TryWrite(Draw()))
                    _skipped++;
            }

            if (time.GetElapsedTime(reported, now) < ReportEvery)
                continue;
            reported = now;
            LogProgress(Interlocked.Read(ref _sent), Interlocked.Read(ref _failed), _skipped);
        }
    }

    private Visit Draw() => new(
        _dice.Roll() switch { < 0.4 => "checkout", < 0.7 => "search", _ => "recommendations" },
        Customers.IdOf(1 + (int)(_dice.Roll() * options.Value.Customers)));

    private async Task VisitAsync(HttpClient http, ChannelReader<Visit> visits, CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var visit in visits.ReadAllAsync(stoppingToken))
                await SendAsync(http, visit, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            LogStopped();
        }
    }

    private async Task SendAsync(HttpClient http, Visit visit, CancellationToken stoppingToken)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, visit.Page);
            request.Headers.Add("X-User", visit.Customer);
            using var response = await http.SendAsync(request, stoppingToken);
            Interlocked.Increment(ref _sent);
            if (!response.IsSuccessStatusCode)
                Interlocked.Increment(ref _failed);
        }
        catch (Exception fault) when (fault is HttpRequestException or TaskCanceledException && !stoppingToken.IsCancellationRequested)
        {
            Interlocked.Increment(ref _failed);
        }
    }

    private readonly record struct Visit(string Page, string Customer);

    [LoggerMessage(1, LogLevel.Information, "Traffic: {Rate} requests/s of {Customers} simulated customers to {Address}")]
    private partial void LogStarted(int rate, int customers, Uri address);

    [LoggerMessage(2, LogLevel.Information, "Traffic so far: {Sent} requests, {Failed} failed, {Skipped} not sent because the shop was busy")]
    private partial void LogProgress(long sent, long failed, long skipped);

    [LoggerMessage(4, LogLevel.Debug, "Not open yet: {Reason}")]
    private partial void LogClosed(string reason);

    [LoggerMessage(3, LogLevel.Debug, "A customer left")]
    private partial void LogStopped();
}

internal static class TrafficSetup
{
    internal static void AddTraffic(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<TrafficOptions>().BindConfiguration(TrafficOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddHostedService<TrafficGenerator>();
    }
}
