using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using Delivery.Evaluation;
using Microsoft.Extensions.Logging;

namespace Delivery.Client.Rulesets;

/// <summary>
/// Keeps the ruleset current: listens to the server's stream, comes back with jittered pauses when it breaks, and asks
/// for the ruleset itself where an answer arrives but no stream (a proxy that holds it back).
/// </summary>
internal sealed partial class RulesetStream : IAsyncDisposable
{
    private readonly HttpClient _http;
    private readonly ServedRuleset _served;
    private readonly RulesetKeeper? _keeper;
    private readonly DeliveryClientOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Retries _retries;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _firstContact = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _loop = Task.CompletedTask;
    private bool _answered;
    private bool _heard;
    private bool _told;
    private bool _needsWhole;
    private long _currentAsOfTicks;

    internal RulesetStream(HttpClient http, ServedRuleset served, RulesetKeeper? keeper, DeliveryClientOptions options, TimeProvider time, ILogger logger, int seed)
    {
        _http = http;
        _served = served;
        _keeper = keeper;
        _options = options;
        _time = time;
        _logger = logger;
        _retries = new Retries(options.RetryDelay, options.RetryDelayLimit, seed);
    }

    /// <summary>Called when the stream is open again.</summary>
    internal Action? Connected { get; init; }

    /// <summary>Completes with the first ruleset from the server, or with the first failure to get it.</summary>
    internal Task FirstContact => _firstContact.Task;

    internal DateTimeOffset? CurrentAsOf => Volatile.Read(ref _currentAsOfTicks) is > 0 and var ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    internal void Start() => _loop = Task.Run(RunAsync);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loop;
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        var stop = _stopping.Token;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var why = await ListenUntilBrokenAsync(stop);
                Broken(why);
                if (_answered && !_heard)
                    await AskAsync(stop);
                _firstContact.TrySetResult();
                await Task.Delay(_retries.Next(), _time, stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                break;
            }
            catch (Exception fault)
            {
                LogUnexpected(fault);
            }
        }

        _served.Connected = false;
        _firstContact.TrySetResult();
    }

    private async Task<string> ListenUntilBrokenAsync(CancellationToken stop)
    {
        (_answered, _heard) = (false, false);
        try
        {
            await ListenAsync(stop);
            return "the server ended the stream";
        }
        catch (Exception fault) when (!stop.IsCancellationRequested)
        {
            return fault.Message;
        }
    }

    private async Task ListenAsync(CancellationToken stop)
    {
        var resumed = _served.Origin == RulesetOrigin.Server && !_needsWhole;
        var path = resumed
            ? string.Create(CultureInfo.InvariantCulture, $"sdk/v1/stream?parts=true&sequence={_served.Sequence}")
            : "sdk/v1/stream?parts=true";
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        using var response = await OpenAsync(request, stop);
        if (resumed)
            Current();
        await using var bytes = new SilenceGuard(await response.Content.ReadAsStreamAsync(stop), _options.StreamSilence, _time);
        await foreach (var item in SseParser.Create(bytes, StreamMessage.Parse).EnumerateAsync(stop))
            Take(item.Data);
    }

    private async Task<HttpResponseMessage> OpenAsync(HttpRequestMessage request, CancellationToken stop)
    {
        using var deadline = new CancellationTokenSource(_options.RequestTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, stop);
        var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
        _answered = true;
        if (response.StatusCode == HttpStatusCode.OK)
            return response;
        response.Dispose();
        throw new HttpRequestException($"the server said {(int)response.StatusCode} {response.ReasonPhrase}");
    }

    private async Task AskAsync(CancellationToken stop)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "sdk/v1/ruleset");
            if (_served.Origin == RulesetOrigin.Server)
                request.Headers.IfNoneMatch.Add(new EntityTagHeaderValue(string.Create(CultureInfo.InvariantCulture, $"\"{_served.Sequence}\"")));
            using var deadline = new CancellationTokenSource(_options.RequestTimeout, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, stop);
            using var response = await _http.SendAsync(request, either.Token);
            if (response.StatusCode == HttpStatusCode.OK)
                TakeWhole(RulesetJson.Read(await response.Content.ReadAsByteArrayAsync(either.Token)));
        }
        catch (Exception fault) when (!stop.IsCancellationRequested)
        {
            LogNotAsked(fault.Message);
        }
    }

    private void Take(StreamMessage message)
    {
        _heard = true;
        switch (message)
        {
            case StreamMessage.Whole(var ruleset):
                TakeWhole(ruleset);
                break;
            case StreamMessage.Change(var sequence, var flag) when _served.TryChange(sequence, flag):
                LogChanged(flag.Key, sequence);
                _keeper?.Changed();
                break;
            case StreamMessage.Change(var sequence, var flag):
                LogOutOfOrder(flag.Key, sequence);
                break;
            case StreamMessage.PartChange(var sequence, var part) when _served.TryChange(sequence, part):
                _keeper?.Changed();
                break;
            case StreamMessage.PartChange(var sequence, _):
                _needsWhole = true;
                throw new InvalidOperationException($"A change before sequence {sequence} is missing; the whole ruleset is asked for.");
            case StreamMessage.Unknown(var kind):
                LogUnknown(kind);
                break;
            default:
                throw new InvalidOperationException("A message is whole, a change or unknown.");
        }

        Current();
        _firstContact.TrySetResult();
    }

    private void TakeWhole(Ruleset ruleset)
    {
        _needsWhole = false;
        if (!_served.TryReplace(ruleset, RulesetOrigin.Server))
        {
            LogOlder(ruleset.Sequence, _served.Sequence);
            return;
        }

        LogReplaced(ruleset.Environment, ruleset.Sequence, ruleset.Flags.Count);
        _keeper?.Changed();
    }

    private void Current()
    {
        if (!_served.Connected)
            Connected?.Invoke();
        _retries.Reset();
        _told = false;
        _served.Connected = true;
        Volatile.Write(ref _currentAsOfTicks, _time.GetUtcNow().UtcTicks);
    }

    private void Broken(string why)
    {
        if (_served.Connected)
            Volatile.Write(ref _currentAsOfTicks, _time.GetUtcNow().UtcTicks);
        _served.Connected = false;
        if (!_told)
            LogStale(_served.Origin, _served.Sequence, why);
        _told = true;
    }

    [LoggerMessage(9001, LogLevel.Information, "Ruleset of {Environment} as of sequence {Sequence}: {Count} flags")]
    private partial void LogReplaced(string environment, long sequence, int count);

    [LoggerMessage(9002, LogLevel.Debug, "Flag {Flag} changed, sequence {Sequence}")]
    private partial void LogChanged(string flag, long sequence);

    [LoggerMessage(9003, LogLevel.Debug, "A change of flag {Flag}, sequence {Sequence}, came late; what is held is as new")]
    private partial void LogOutOfOrder(string flag, long sequence);

    [LoggerMessage(9004, LogLevel.Warning, "The server sent a ruleset as of sequence {Sequence}, older than {Held}; it is ignored. After a restored backup, restart this process.")]
    private partial void LogOlder(long sequence, long held);

    [LoggerMessage(9005, LogLevel.Warning, "Not connected ({Why}); evaluation goes on with the ruleset from {Origin}, sequence {Sequence}, which may be stale")]
    private partial void LogStale(RulesetOrigin origin, long sequence, string why);

    [LoggerMessage(9006, LogLevel.Debug, "The stream sent a message of the unknown kind {Kind}; it is ignored")]
    private partial void LogUnknown(string kind);

    [LoggerMessage(9007, LogLevel.Debug, "The ruleset could not be asked for either: {Why}")]
    private partial void LogNotAsked(string why);

    [LoggerMessage(9008, LogLevel.Error, "The ruleset stream met an unexpected fault; it goes on")]
    private partial void LogUnexpected(Exception fault);
}
