namespace Delivery.Plugins.Compliance;

/// <summary>Repeats a call, and waits until what it used is given back.</summary>
public static class LeftOvers
{
    private const int Repeats = 1_000;
    private const int AtOnce = 10;

    /// <summary>
    /// The counts are the process's: other tests that begin meanwhile hold some of their own, a whole server among them. What a plugin
    /// leaves behind with its calls shows as many hundreds after 1,000 of them.
    /// </summary>
    private const int Tolerated = 250;

    /// <summary>A minute: what others hold goes with their tests.</summary>
    private const int Looks = 600;

    private static readonly TimeSpan PatienceWithSilence = TimeSpan.FromMilliseconds(10);

    /// <summary>A thousand calls leave no threads and no sockets.</summary>
    /// <param name="call">The call.</param>
    /// <param name="silent">Whether nothing answers: each call is then left after a moment.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task NoneAfterRepeatsAsync(Func<CancellationToken, Task> call, bool silent, CancellationToken cancellationToken)
    {
        await CallAsync(call, silent, cancellationToken);
        var (threads, sockets) = (ProcessResources.Threads(), ProcessResources.Sockets());
        for (var i = 0; i < Repeats / AtOnce; i++)
            await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => CallAsync(call, silent, cancellationToken)));
        await GoneAsync(() => ProcessResources.Threads() - threads, "threads", cancellationToken);
        await GoneAsync(() => ProcessResources.Sockets() - sockets ?? 0, "sockets", cancellationToken);
    }

    private static async Task CallAsync(Func<CancellationToken, Task> call, bool silent, CancellationToken cancellationToken)
    {
        using var leaves = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (silent)
            leaves.CancelAfter(PatienceWithSilence);
        try
        {
            await call(leaves.Token);
        }
        catch (OperationCanceledException) when (silent)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private static async Task GoneAsync(Func<int> left, string what, CancellationToken cancellationToken)
    {
        for (var i = 0; left() > Tolerated && i < Looks; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Delay(TimeSpan.FromMilliseconds(100), cancellationToken);
        }

        left().ShouldBeLessThanOrEqualTo(Tolerated, $"{what} left behind");
    }
}
