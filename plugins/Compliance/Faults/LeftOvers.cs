namespace Delivery.Plugins.Compliance;

/// <summary>Waits until what a plugin used is given back.</summary>
internal static class LeftOvers
{
    /// <summary>Other tests in the process hold some of their own: what counts is that 1,000 repeats do not show.</summary>
    private const int Tolerated = 30;

    public static async Task GoneAsync(Func<int> left, string what, CancellationToken cancellationToken)
    {
        for (var i = 0; left() > Tolerated && i < 50; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Delay(TimeSpan.FromMilliseconds(100), cancellationToken);
        }

        left().ShouldBeLessThanOrEqualTo(Tolerated, $"{what} left behind");
    }
}
