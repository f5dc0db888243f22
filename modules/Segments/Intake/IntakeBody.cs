using System.IO.Compression;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Http;
using Microsoft.AspNetCore.Http;

namespace Delivery.Segments.Intake;

/// <summary>A telemetry request's body, inflated, in pooled memory that counts against the log's budget.</summary>
public sealed class IntakeBody : IDisposable
{
    /// <summary>The largest body, inflated.</summary>
    public const int LargestBytes = 8 * 1024 * 1024;

    private const int FirstBytes = 64 * 1024;

    private readonly MemoryBudget _budget;
    private byte[] _buffer = [];
    private int _length;

    private IntakeBody(MemoryBudget budget) => _budget = budget;

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Bytes => _buffer.AsSpan(0, _length);

    /// <summary>Reads the body; null when the budget has no room for it.</summary>
    /// <exception cref="InvalidRequest">It is not what its headers say.</exception>
    /// <exception cref="BadHttpRequestException">It is larger than <see cref="LargestBytes"/>: 413.</exception>
    public static async Task<IntakeBody?> ReadAsync(HttpContext http, MemoryBudget budget, CancellationToken cancellationToken)
    {
        var body = new IntakeBody(budget);
        try
        {
            if (await body.FillAsync(http.Request, cancellationToken))
                return body;
        }
        catch (InvalidDataException e)
        {
            body.Dispose();
            throw new InvalidRequest("Content-Encoding", $"a body that is gzip, as the header says ({e.Message})");
        }
        catch
        {
            body.Dispose();
            throw;
        }

        body.Dispose();
        return null;
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        _budget.Return(_buffer.Length);
        if (_buffer.Length > 0)
            BatchMemory.Bytes.Return(_buffer);
        (_buffer, _length) = ([], 0);
    }

    private async Task<bool> FillAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        await using var inflated = Inflated(request);
        var expected = inflated is null && request.ContentLength is { } length ? (int)Math.Min(length + 1, LargestBytes + 1) : FirstBytes;
        if (!TryGrow(Math.Max(expected, 1)))
            return false;
        var stream = inflated ?? request.Body;
        while (true)
        {
            var read = await stream.ReadAsync(_buffer.AsMemory(_length), cancellationToken);
            if (read == 0)
                return true;
            _length += read;
            if (_length > LargestBytes)
                throw new BadHttpRequestException("The body is too large.", StatusCodes.Status413PayloadTooLarge);
            if (_length == _buffer.Length && !TryGrow(_buffer.Length * 2))
                return false;
        }
    }

    private static GZipStream? Inflated(HttpRequest request) => request.Headers.ContentEncoding.ToString() switch
    {
        "" or "identity" => null,
        "gzip" => new GZipStream(request.Body, CompressionMode.Decompress, leaveOpen: true),
        _ => throw new InvalidRequest([new FieldError("Content-Encoding", "gzip, or none")], StatusCodes.Status415UnsupportedMediaType),
    };

    private bool TryGrow(int size)
    {
        var larger = BatchMemory.Bytes.Rent(size);
        if (!_budget.TryTake(larger.Length))
        {
            BatchMemory.Bytes.Return(larger);
            return false;
        }

        Bytes.CopyTo(larger);
        var length = _length;
        Dispose();
        (_buffer, _length) = (larger, length);
        return true;
    }
}
