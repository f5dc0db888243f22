using System.Net.Http.Headers;
using Delivery.Client.Reporting;
using Delivery.Client.Rulesets;
using Microsoft.Extensions.Logging;

namespace Delivery.Client;

/// <summary>Everything a client has that talks to the server or to the disk.</summary>
internal sealed partial class Connection : IAsyncDisposable
{
    private readonly DeliveryClientOptions _options;
    private readonly ServedRuleset _served;
    private readonly RulesetFile? _file;
    private readonly RulesetKeeper? _keeper;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly HttpClient _http;
    private int _state;

    internal Connection(DeliveryClientOptions options, ServedRuleset served, TimeProvider time, ILogger logger)
    {
        _options = options;
        _served = served;
        _time = time;
        _logger = logger;
        _http = Http(options);
        var instance = Guid.CreateVersion7(time.GetUtcNow());
        var source = $"{options.ApplicationName}-{instance:N}";
        if (options.KeepRulesetOnDisk)
        {
            _file = new RulesetFile(options.RulesetFile ?? RulesetFile.DefaultPath(options.ServerUrl!, options.Key), logger);
            _keeper = new RulesetKeeper(served, _file, time);
        }

        Exposures = new Reporter<ExposureRecord>(
            options.ExposureQueueCapacity, ExposureRecord.Write, Intake("sdk/v1/exposures", source), options, time, logger);
        Events = new Reporter<EventRecord>(
            options.EventQueueCapacity, EventRecord.Write, Intake("sdk/v1/events", source), options, time, logger);
        Stream = new RulesetStream(_http, served, _keeper, options, time, logger, seed: instance.GetHashCode())
        {
            Connected = () =>
            {
                Exposures.TryNow();
                Events.TryNow();
            },
        };
    }

    internal RulesetStream Stream { get; }

    internal Reporter<ExposureRecord> Exposures { get; }

    internal Reporter<EventRecord> Events { get; }

    internal async Task StartAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.CompareExchange(ref _state, 1, 0) != 0)
            return;
        if (_file is not null && await _file.ReadAsync(cancellationToken) is { } known && _served.TryReplace(known, RulesetOrigin.Disk))
            LogFromDisk(known.Sequence, _file.Path);
        _keeper?.Start();
        Stream.Start();
        Exposures.Start();
        Events.Start();
        try
        {
            await Stream.FirstContact.WaitAsync(_options.StartTimeout, _time, cancellationToken);
        }
        catch (TimeoutException)
        {
            LogSlowStart(_options.StartTimeout.TotalSeconds);
        }

        if (_served.Snapshot is null)
            LogNoRuleset();
    }

    internal Task FlushAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(Exposures.FlushAsync(cancellationToken), Events.FlushAsync(cancellationToken));

    internal async Task StopAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _state, 2) == 2)
            return;
        using var deadline = new CancellationTokenSource(_options.ShutdownTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        await Task.WhenAll(Exposures.StopAsync(either.Token), Events.StopAsync(either.Token));
        await Stream.DisposeAsync();
        if (_keeper is not null)
            await _keeper.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        Exposures.Dispose();
        Events.Dispose();
        _http.Dispose();
    }

    private Intake Intake(string path, string source) => new(_http, path, source, _options.RequestTimeout, _time);

    private static HttpClient Http(DeliveryClientOptions options)
    {
        var handler = options.CreateHandler?.Invoke() ?? new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(5),
            // Addresses may change behind a name, so reports take a new connection now and then.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        };
        var address = options.ServerUrl!.AbsoluteUri;
        var http = new HttpClient(handler)
        {
            BaseAddress = new Uri(address.EndsWith('/') ? address : address + "/"),
            Timeout = Timeout.InfiniteTimeSpan,
        };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", options.Key);
        http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("Delivery.Client", typeof(Connection).Assembly.GetName().Version?.ToString()));
        return http;
    }

    [LoggerMessage(9040, LogLevel.Information, "Ruleset as of sequence {Sequence} from {Path}, stale until the server is heard")]
    private partial void LogFromDisk(long sequence, string path);

    [LoggerMessage(9041, LogLevel.Warning, "The server sent no ruleset within {Seconds:F1} s; the start goes on without it")]
    private partial void LogSlowStart(double seconds);

    [LoggerMessage(9042, LogLevel.Warning, "There is no ruleset, neither from the server nor on disk: evaluations give default values until the server is heard")]
    private partial void LogNoRuleset();
}
