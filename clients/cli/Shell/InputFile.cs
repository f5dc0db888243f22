using System.Text.Json.Nodes;

namespace Delivery.Cli;

/// <summary>A file that was named; <c>-</c> is standard input.</summary>
internal static class InputFile
{
    public static Task<string> ReadAsync(Terminal terminal, string path, CancellationToken cancellationToken) =>
        path == "-" ? terminal.In.ReadToEndAsync(cancellationToken)
        : File.Exists(path) ? File.ReadAllTextAsync(path, cancellationToken)
        : throw ApiFault.Usage($"There is no file '{path}'.");

    /// <summary>Reads a JSON object.</summary>
    /// <param name="terminal">Where <c>-</c> reads.</param>
    /// <param name="path">The file.</param>
    /// <param name="option">The option that named it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ApiFault">There is no such file, or it holds something else.</exception>
    public static async Task<JsonObject> ReadObjectAsync(Terminal terminal, string path, string option, CancellationToken cancellationToken) =>
        JsonText.Strict(await ReadAsync(terminal, path, cancellationToken), option) as JsonObject ?? throw ApiFault.Usage($"{option}: a JSON object is accepted.");
}
