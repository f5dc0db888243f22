using System.Security.Cryptography;

namespace Delivery.Client.Ledger;

/// <summary>
/// Checks a ledger's export without the server: the rows against their seals, the seals against each other, and the last one against
/// a head that was noted before. It shares no code with the server's own verifier, and needs neither server nor database.
/// </summary>
public static class LedgerCheck
{
    private const int MostBreaks = 1_000;

    /// <summary>Checks. Reads both streams once, in constant memory.</summary>
    /// <param name="head">A head noted earlier; null checks rows and chain alone, which can't tell a ledger whose whole end was rewritten.</param>
    /// <param name="seals">The seals of a run of segments, in order (<c>GET /api/v1/ledger/seals</c>).</param>
    /// <param name="rows">The rows of the same segments (<c>GET /api/v1/ledger/rows</c>).</param>
    /// <param name="cancellationToken">Ends the check.</param>
    /// <exception cref="InvalidDataException">The rows are not such an export.</exception>
    public static async Task<LedgerReport> RunAsync(
        LedgerHead? head, IAsyncEnumerable<LedgerSeal> seals, Stream rows, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(seals);
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var reader = new LedgerRows(rows);
        var breaks = new List<LedgerBreak>();
        var (redacted, retired) = (new List<long>(), new List<long>());
        LedgerSeal? previous = null;
        long segments = 0, hashed = 0;
        var headSeen = head is null or { Segment: 0 };
        await foreach (var seal in seals.WithCancellation(cancellationToken))
        {
            segments++;
            breaks.AddRange(Links(previous, seal));
            long count = 0, distinct = 0, last = -1;
            while (await reader.PeekAsync(cancellationToken) is { } position && position <= seal.LastPosition)
            {
                count++;
                distinct += position == last ? 0 : 1;
                last = position;
                sha.AppendData(reader.Take());
            }

            hashed += count;
            sha.AppendData(Convert.FromHexString(seal.PreviousHash));
            var hash = Convert.ToHexStringLower(sha.GetHashAndReset());
            if (seal.IsRedacted)
                redacted.Add(seal.Segment);
            if (seal.RowsLeft is not null)
                retired.Add(seal.Segment);
            breaks.AddRange(Contents(seal, count, distinct, hash));
            if (head?.Segment == seal.Segment)
            {
                headSeen = true;
                if (!string.Equals(head.Hash, seal.Hash, StringComparison.OrdinalIgnoreCase))
                    breaks.Add(new LedgerBreak(seal.Segment, "head", $"Its hash is {seal.Hash}, not the one that was noted: the chain was rewritten."));
            }

            previous = seal;
            if (breaks.Count >= MostBreaks)
                return new LedgerReport(false, segments, hashed, [.. breaks.Take(MostBreaks)], redacted, retired);
        }

        if (await reader.PeekAsync(cancellationToken) is not null)
            breaks.Add(new LedgerBreak((previous?.Segment ?? 0) + 1, "unsealed-rows", "Rows lie after the last seal."));
        if (!headSeen)
            breaks.Add(new LedgerBreak(head!.Segment, "head", "The noted segment is not among the seals."));
        return new LedgerReport(breaks.Count == 0, segments, hashed, breaks, redacted, retired);
    }

    /// <summary>The first seal of a run is taken as given, unless it is the first of all.</summary>
    private static IEnumerable<LedgerBreak> Links(LedgerSeal? previous, LedgerSeal seal)
    {
        if (previous is null)
        {
            if (seal.Segment == 1 && (seal.PreviousHash != new string('0', 64) || seal.FirstPosition != 1))
                yield return new LedgerBreak(1, "chain", "The first segment starts at position 1 and follows no other.");
            yield break;
        }

        if (seal.Segment != previous.Segment + 1)
            yield return new LedgerBreak(previous.Segment + 1, "seal-missing", $"After the seal {previous.Segment} comes {seal.Segment}.");
        else if (seal.FirstPosition != previous.LastPosition + 1)
            yield return new LedgerBreak(seal.Segment, "chain", $"It starts at position {seal.FirstPosition}; its predecessor ends at {previous.LastPosition}.");
        if (!string.Equals(seal.PreviousHash, previous.Hash, StringComparison.OrdinalIgnoreCase))
            yield return new LedgerBreak(seal.Segment, "chain", "The previous hash it names is not its predecessor's: the predecessor's seal was changed.");
    }

    private static IEnumerable<LedgerBreak> Contents(LedgerSeal seal, long rows, long distinct, string hash)
    {
        var expected = seal.RowsLeft ?? seal.Rows;
        if (distinct < expected)
            yield return new LedgerBreak(seal.Segment, "row-removed", $"{expected - distinct} of {expected} rows are not there.");
        if (rows > distinct || distinct > expected)
            yield return new LedgerBreak(seal.Segment, "row-added", $"{rows - Math.Min(distinct, expected)} rows were added.");
        if (rows == expected && distinct == expected && expected > 0 && hash != (seal.PresentHash ?? seal.Hash))
            yield return new LedgerBreak(seal.Segment, "row-changed", $"The rows {seal.FirstPosition} to {seal.LastPosition} are not the rows that were sealed.");
    }
}
