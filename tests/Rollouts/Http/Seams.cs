using System.Collections.Concurrent;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Metrics;
using Delivery.Contracts.Targeting;
using Mediator;

namespace Delivery.Rollouts.Tests.Http;

/// <summary>Targeting and Metrics at the contracts' seam, in the test's hands.</summary>
internal sealed class Seams
{
    public ConcurrentDictionary<string, FakeFlag> Flags { get; } = new();

    /// <summary>What Metrics answers for a flag; it throws where the test says so.</summary>
    public ConcurrentDictionary<string, Func<ReleaseHealth>> Health { get; } = new();

    public ConcurrentQueue<OpenRelease> Opened { get; } = new();

    public ConcurrentQueue<CloseRelease> Closed { get; } = new();

    /// <summary>Lets the next openings fail as if the process were cut off there.</summary>
    public int FailNextOpenings;

    public int FailNextClosings;

    public FakeFlag AddFlag(string key, string? owner = "shop") => Flags[key] = new FakeFlag(key, owner);

    public object? Answer(object message) => message switch
    {
        FindFlag m => Flags.GetValueOrDefault(m.Flag)?.Summary(m.Environment),
        GetReleaseHealth m => Health.TryGetValue(m.Flag, out var health) ? health() : new ReleaseHealth([], null, null, null, DateTimeOffset.UnixEpoch),
        OpenRelease m => Open(m),
        CloseRelease m => Close(m),
        _ => throw new InvalidOperationException($"not a seam: {message}"),
    };

    public static bool Takes(object message) => message is FindFlag or GetReleaseHealth or OpenRelease or CloseRelease;

    private Outcome Open(OpenRelease message)
    {
        if (Interlocked.Decrement(ref FailNextOpenings) >= 0)
            throw new TimeoutException("cut off");
        Opened.Enqueue(message);
        return Flags.TryGetValue(message.Flag, out var flag) ? flag.Open(message.Rollout, message.ExposurePpm) : new Outcome.NotFound("flag", message.Flag);
    }

    private Outcome Close(CloseRelease message)
    {
        if (Interlocked.Decrement(ref FailNextClosings) >= 0)
            throw new TimeoutException("cut off");
        Closed.Enqueue(message);
        return Flags.TryGetValue(message.Flag, out var flag) ? flag.Close(message.Rollout) : new Outcome.NotFound("flag", message.Flag);
    }
}

/// <summary>A flag with variants off and on, in the environments production and staging.</summary>
internal sealed class FakeFlag(string key, string? owner)
{
    private readonly ConcurrentDictionary<string, int> _open = new();

    public long Version { get; set; } = 1;
    public bool Enabled { get; set; } = true;
    public bool Killed { get; set; }
    public bool Archived { get; set; }

    public int? ExposurePpm(string rollout) => _open.TryGetValue(rollout, out var ppm) ? ppm : null;

    public Outcome Open(string rollout, int exposurePpm)
    {
        var changed = !_open.TryGetValue(rollout, out var present) || present != exposurePpm;
        _open[rollout] = exposurePpm;
        if (changed)
            Version++;
        return new Outcome.Done("flag", key, Version, changed);
    }

    public Outcome Close(string rollout)
    {
        var changed = _open.TryRemove(rollout, out _);
        if (changed)
            Version++;
        return new Outcome.Done("flag", key, Version, changed);
    }

    public FlagSummary Summary(string environment) =>
        new(key, owner, ["off", "on"], "off", Version, Enabled, Killed, Archived, environment is "production" or "staging")
        {
            OpenReleases = [.. _open.Keys],
        };
}

/// <summary>Answers the seams' messages itself and passes everything else on.</summary>
internal sealed class SeamSender(ISender inner, Seams seams) : ISender
{
    public ValueTask<TResponse> Send<TResponse>(IRequest<TResponse> request, CancellationToken cancellationToken = default) =>
        inner.Send(request, cancellationToken);

    public ValueTask<TResponse> Send<TResponse>(ICommand<TResponse> command, CancellationToken cancellationToken = default) =>
        Seams.Takes(command) ? ValueTask.FromResult((TResponse)seams.Answer(command)!) : inner.Send(command, cancellationToken);

    public ValueTask<TResponse> Send<TResponse>(IQuery<TResponse> query, CancellationToken cancellationToken = default) =>
        Seams.Takes(query) ? ValueTask.FromResult((TResponse)seams.Answer(query)!) : inner.Send(query, cancellationToken);

    public ValueTask<object?> Send(object message, CancellationToken cancellationToken = default) =>
        Seams.Takes(message) ? ValueTask.FromResult(seams.Answer(message)) : inner.Send(message, cancellationToken);

    public IAsyncEnumerable<TResponse> CreateStream<TResponse>(IStreamQuery<TResponse> query, CancellationToken cancellationToken = default) =>
        inner.CreateStream(query, cancellationToken);

    public IAsyncEnumerable<TResponse> CreateStream<TResponse>(IStreamRequest<TResponse> request, CancellationToken cancellationToken = default) =>
        inner.CreateStream(request, cancellationToken);

    public IAsyncEnumerable<TResponse> CreateStream<TResponse>(IStreamCommand<TResponse> command, CancellationToken cancellationToken = default) =>
        inner.CreateStream(command, cancellationToken);

    public IAsyncEnumerable<object?> CreateStream(object message, CancellationToken cancellationToken = default) =>
        inner.CreateStream(message, cancellationToken);
}
