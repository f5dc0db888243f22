namespace Delivery.Cli;

/// <summary>A file that was named; <c>-</c> is standard input.</summary>
internal static class InputFile
{
    public static Task<string> ReadAsync(Terminal terminal, string path, CancellationToken cancellationToken) =>
        path == "-" ? terminal.In.ReadToEndAsync(cancellationToken)
        : File.Exists(path) ? File.ReadAllTextAsync(path, cancellationToken)
        : throw ApiFault.Usage($"There is no file '{path}'.");
}
