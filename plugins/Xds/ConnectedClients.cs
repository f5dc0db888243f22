using System.Collections.Immutable;

namespace Delivery.Plugins.Xds;

/// <summary>The clients that are connected, and what they have said to a route.</summary>
internal sealed class ConnectedClients(Catalogue catalogue, int most)
{
    private readonly Lock _lock = new();
    private ImmutableHashSet<AdsStream> _streams = [];
    private TaskCompletionSource _said = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Count => _streams.Count;

    /// <summary>False when there are as many as may be.</summary>
    public bool TryAdd(AdsStream stream)
    {
        lock (_lock)
        {
            if (_streams.Count >= most)
                return false;
            _streams = _streams.Add(stream);
            return true;
        }
    }

    public void Remove(AdsStream stream)
    {
        lock (_lock)
            _streams = _streams.Remove(stream);
        Said();
    }

    /// <summary>A client said something: who waits looks again.</summary>
    public void Said()
    {
        TaskCompletionSource said;
        lock (_lock)
            (said, _said) = (_said, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        said.TrySetResult();
    }

    public void WakeAll()
    {
        foreach (var stream in _streams)
            stream.Wake();
    }

    /// <summary>How the clients of a route stand to what it was told.</summary>
    public Tally Of(RouteCell cell)
    {
        var needed = cell.Needed;
        var standings = _streams.Select(s => s.StandingOf(cell.Resources.Name, needed, catalogue)).OfType<(Standing Standing, string? Why)>().ToList();
        return new Tally(
            standings.Count,
            standings.Count(s => s.Standing == Standing.Taken),
            [.. standings.Where(s => s.Standing == Standing.Refused).Select(s => s.Why!)]);
    }

    /// <summary>Waits until every client of a route has answered, or the token says that it is enough.</summary>
    public async Task<Tally> AnsweredAsync(RouteCell cell, CancellationToken enough)
    {
        while (true)
        {
            Task said;
            lock (_lock)
                said = _said.Task;
            var tally = Of(cell);
            if (tally.Waiting == 0 || enough.IsCancellationRequested)
                return tally;
            await said.WaitAsync(enough).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}

/// <summary>How the clients of a route stand to what it was told.</summary>
/// <param name="Clients">Those that follow it.</param>
/// <param name="Taken">Those that acknowledged all they need.</param>
/// <param name="Refusals">What those say that refused.</param>
internal sealed record Tally(int Clients, int Taken, ImmutableArray<string> Refusals)
{
    public int Waiting => Clients - Taken - Refusals.Length;

    public override string ToString() => $"{Taken} of {Clients} clients acknowledged{(Refusals is [var first, ..] ? $"; {first}" : "")}";
}
