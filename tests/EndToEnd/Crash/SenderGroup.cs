using Delivery.EndToEnd.Tests.Platform;

namespace Delivery.EndToEnd.Tests.Crash;

/// <summary>Several senders at once.</summary>
internal sealed class SenderGroup(Uri server, string key, int count) : IAsyncDisposable
{
    public IReadOnlyList<ExposureSender> All { get; } =
        [.. Enumerable.Range(1, count).Select(number => new ExposureSender(server, key, (short)number))];

    /// <summary>By sender: the last batch that was acknowledged.</summary>
    public IReadOnlyList<int> Acknowledged => [.. All.Select(sender => sender.Acknowledged)];

    public int Retries => All.Sum(sender => sender.Retries);

    public IEnumerable<Guid> AcknowledgedIds => All.SelectMany(sender => sender.AcknowledgedIds);

    /// <summary>Waits until each sender has so many more batches acknowledged.</summary>
    public Task AcknowledgeMoreAsync(int batches, CancellationToken cancellationToken)
    {
        var goals = All.Select(sender => sender.Acknowledged + batches).ToList();
        return Eventually.HoldsAsync(
            $"each sender has {batches} more batches acknowledged", TimeSpan.FromMinutes(2),
            () => Task.FromResult(All.Zip(goals).All(one => one.First.Acknowledged >= one.Second)), cancellationToken);
    }

    public async Task StopAsync()
    {
        foreach (var sender in All)
            await sender.StopAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var sender in All)
            await sender.DisposeAsync();
    }
}
