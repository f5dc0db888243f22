namespace Delivery.Plugins.Tests;

/// <summary>Waits for what comes true by itself. The patience is for a machine under load; what is broken fails after it.</summary>
internal static class Until
{
    private const int Looks = 6_000;

    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(20);

    public static Task TrueAsync(Func<bool> condition) => TrueAsync(() => Task.FromResult(condition()));

    public static async Task TrueAsync(Func<Task<bool>> condition)
    {
        for (var i = 0; !await condition(); i++)
        {
            if (i == Looks)
                Assert.Fail("it did not come true");
            await Task.Delay(Between, TestContext.Current.CancellationToken);
        }
    }
}
