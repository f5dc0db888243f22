namespace Delivery.Cli;

internal static class Program
{
    public static async Task<int> Main(string[] args)
    {
        using var stop = new CancellationTokenSource();
        Console.CancelKeyPress += (_, pressed) =>
        {
            pressed.Cancel = true;
            stop.Cancel();
        };
        return await DeliveryCommand.RunAsync(args, Terminal.OfThisProcess(), stop.Token);
    }
}
