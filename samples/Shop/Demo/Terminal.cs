namespace Delivery.Shop.Demo;

/// <summary>The demo's words, on lines of their own between the logs.</summary>
internal static class Terminal
{
    internal static void Say(string line, params IEnumerable<string?> details)
    {
        var text = string.Join(Environment.NewLine, details.Where(detail => !string.IsNullOrEmpty(detail)).Select(detail => $"      {detail}").Prepend($"demo: {line}"));
        Console.WriteLine(text);
    }
}
