namespace Delivery.Client.Reporting;

/// <summary>
/// One report, written once: a retry sends the same number, the same ids, the same bytes, so the server can tell.
/// </summary>
/// <param name="Number">Its number, from 1, in the order of sending.</param>
/// <param name="Count">Records in it.</param>
/// <param name="Body">The JSON array.</param>
/// <param name="Compressed">Whether the body is gzip.</param>
internal sealed record Batch(long Number, int Count, byte[] Body, bool Compressed);
