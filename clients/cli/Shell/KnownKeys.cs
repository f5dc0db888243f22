using System.CommandLine.Completions;

namespace Delivery.Cli;

/// <summary>Completes keys from the server that was signed in to. A completion never complains, and never makes one wait long.</summary>
internal static class KnownKeys
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <param name="kind">The list: <c>flags</c>, <c>rollouts</c>, <c>environments</c>.</param>
    /// <param name="context">What was typed.</param>
    public static IEnumerable<CompletionItem> Of(string kind, CompletionContext context)
    {
        var said = context.ParseResult;
        try
        {
            using var hurry = new CancellationTokenSource(Patience);
            using var api = DeliveryApi.For(Terminal.OfThisProcess(), said.GetValue(GlobalOptions.Server), said.GetValue(GlobalOptions.Key));
            var items = api.ListAsync(Address.Of(kind), 1_000, hurry.Token).GetAwaiter().GetResult();
            return [.. items.Select(item => item.Text("key")).Where(key => key.StartsWith(context.WordToComplete, StringComparison.Ordinal)).Select(key => new CompletionItem(key))];
        }
        catch (Exception e) when (e is ApiFault or HttpRequestException or OperationCanceledException or System.Text.Json.JsonException or InvalidOperationException)
        {
            return [];
        }
    }
}
