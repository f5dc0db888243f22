namespace Delivery.LocalHosting.Running;

/// <summary>How long to wait before a crashed resource is started again: 1, 2, 4, 8, 16, then 30 seconds.</summary>
internal static class RestartBackoff
{
    /// <summary>Who ran this long has recovered: its next crash is a first one again.</summary>
    public static readonly TimeSpan Recovery = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    /// <param name="crashes">Crashes in a row, this one included; from 1.</param>
    public static TimeSpan After(int crashes) =>
        crashes > 5 ? Longest : TimeSpan.FromSeconds(1 << (crashes - 1));
}
