using System.Text.Json;

namespace Delivery.Client.Ledger;

/// <summary>
/// Where a ledger stood, as <c>GET /api/v1/ledger/head</c> gave it. Kept elsewhere, it proves later that nothing up to there was
/// rewritten.
/// </summary>
/// <param name="Ledger">The ledger's name.</param>
/// <param name="Segment">The last segment's number; 0 when there was none.</param>
/// <param name="Position">The last row's position.</param>
/// <param name="Hash">The last segment's hash, lower-case hex.</param>
/// <param name="ReceivedAt">When the last segment was written; null when there was none.</param>
public sealed record LedgerHead(string Ledger, long Segment, long Position, string Hash, DateTimeOffset? ReceivedAt)
{
    /// <summary>Reads the document.</summary>
    /// <exception cref="JsonException">It is not one.</exception>
    public static LedgerHead Read(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize<LedgerHead>(json, JsonSerializerOptions.Web) is { Ledger: not null, Hash: not null } head
            ? head
            : throw new JsonException("not a ledger's head");
}

/// <summary>What fixed the rows of one segment, as <c>GET /api/v1/ledger/seals</c> gives it, one a line.</summary>
/// <param name="Segment">The segment's number: 1, 2, 3, ...</param>
/// <param name="FirstPosition">The first row's position.</param>
/// <param name="LastPosition">The last row's position.</param>
/// <param name="Rows">How many rows were sealed.</param>
/// <param name="Hash">SHA-256 over the rows in the order of their position, then the previous hash; lower-case hex.</param>
/// <param name="PreviousHash">The previous segment's hash; 64 zeros before the first.</param>
/// <param name="RowsLeft">How many rows are left after some were deleted on the record, because they are kept no longer; null when none were.</param>
/// <param name="PresentHash">The hash over the rows as they are after rows were masked or deleted on the record; null when none were, or none are left.</param>
/// <param name="IsRedacted">Whether rows were masked on the record.</param>
public sealed record LedgerSeal(
    long Segment, long FirstPosition, long LastPosition, long Rows, string Hash, string PreviousHash,
    long? RowsLeft = null, string? PresentHash = null, bool IsRedacted = false)
{
    /// <summary>Reads seals, one JSON object a line.</summary>
    /// <exception cref="JsonException">A line is not one.</exception>
    public static async IAsyncEnumerable<LedgerSeal> ReadAsync(Stream lines, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var reader = new StreamReader(lines, leaveOpen: true);
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (!string.IsNullOrWhiteSpace(line))
                yield return JsonSerializer.Deserialize<LedgerSeal>(line, JsonSerializerOptions.Web) is { Hash: not null, PreviousHash: not null } seal
                    ? seal
                    : throw new JsonException("not a seal");
        }
    }
}
