namespace Delivery.EndToEnd.Tests.Platform;

/// <summary>Waits for what the platform does by itself, for as long as it takes on a busy machine, and not longer.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Looks until the predicate holds for what is seen. A server that is down for the moment is looked at again.</summary>
    /// <param name="what">What is waited for, for the message when it does not come.</param>
    public static async Task<T> SeesAsync<T>(
        string what, TimeSpan patience, Func<Task<T>> look, Func<T, bool> holds, CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        object? last = null;
        while (TimeProvider.System.GetElapsedTime(started) < patience)
        {
            try
            {
                var seen = await look();
                if (holds(seen))
                    return seen;
                last = seen;
            }
            catch (Exception fault) when (fault is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
            {
                last = fault.Message;
            }

            await Task.Delay(Pause, TimeProvider.System, cancellationToken);
        }

        throw new TimeoutException($"Not within {patience.TotalSeconds:0} s: {what}. Seen last: {Api.Shown(last)}");
    }

    /// <inheritdoc cref="SeesAsync"/>
    public static Task HoldsAsync(string what, TimeSpan patience, Func<Task<bool>> look, CancellationToken cancellationToken) =>
        SeesAsync(what, patience, look, holds => holds, cancellationToken);
}
