using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Delivery.Evaluation;
using Microsoft.Extensions.Logging;

namespace Delivery.Client.Rulesets;

/// <summary>
/// The last known ruleset on disk: one line with the SHA-256 of what follows, then the JSON. Written beside and moved
/// into place, so a reader sees the old one or the new one.
/// </summary>
internal sealed partial class RulesetFile(string path, ILogger logger)
{
    private const int ChecksumLength = 64;

    internal string Path => path;

    /// <summary>The file of a server and key in the user's local application data.</summary>
    internal static string DefaultPath(Uri serverUrl, string key)
    {
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{serverUrl} {key}")).AsSpan(0, 8));
        var folder = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        return System.IO.Path.Combine(folder.Length > 0 ? folder : System.IO.Path.GetTempPath(), "delivery", $"ruleset-{name}.json");
    }

    /// <summary>Reads the ruleset; null, with a warning, if it is missing its checksum's promise or can't be read.</summary>
    internal async Task<Ruleset?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (!File.Exists(path))
                return null;
            var content = await File.ReadAllBytesAsync(path, cancellationToken);
            if (content.Length <= ChecksumLength || content[ChecksumLength] != (byte)'\n'
                || !content.AsSpan(0, ChecksumLength).SequenceEqual(Checksum(content.AsSpan(ChecksumLength + 1))))
            {
                LogDamaged(path);
                return null;
            }

            return RulesetJson.Read(content.AsSpan(ChecksumLength + 1));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            LogUnreadable(fault, path);
            return null;
        }
    }

    /// <summary>Writes the ruleset; a failure is a warning, because evaluation does not need the file.</summary>
    internal async Task WriteAsync(Ruleset ruleset, CancellationToken cancellationToken)
    {
        var beside = $"{path}.{Environment.ProcessId}.new";
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!);
            var json = RulesetJson.Write(ruleset);
            await using (var file = Open(beside))
            {
                await file.WriteAsync(Checksum(json), cancellationToken);
                await file.WriteAsync("\n"u8.ToArray(), cancellationToken);
                await file.WriteAsync(json, cancellationToken);
                file.Flush(flushToDisk: true);
            }

            File.Move(beside, path, overwrite: true);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            LogUnwritable(fault, path);
        }
    }

    private static FileStream Open(string beside)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(beside, options);
    }

    private static byte[] Checksum(ReadOnlySpan<byte> json) => Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA256.HashData(json)));

    [LoggerMessage(9010, LogLevel.Warning, "The ruleset file {Path} is damaged: its checksum does not match; it is ignored")]
    private partial void LogDamaged(string path);

    [LoggerMessage(9011, LogLevel.Warning, "The ruleset file {Path} can't be read; it is ignored")]
    private partial void LogUnreadable(Exception fault, string path);

    [LoggerMessage(9012, LogLevel.Warning, "The ruleset file {Path} can't be written; a start without the server will have no ruleset")]
    private partial void LogUnwritable(Exception fault, string path);
}
