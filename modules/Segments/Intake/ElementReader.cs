using System.Text.Json;
using Delivery.Contracts.Commands;

namespace Delivery.Segments.Intake;

/// <summary>What a request says about all of its elements.</summary>
/// <param name="Environment">The environment's key.</param>
/// <param name="Source">The sender's instance id (<c>X-Source</c>), or null.</param>
/// <param name="ReceivedAt">When the request came in.</param>
public sealed record IntakeRequest(string Environment, string? Source, DateTimeOffset ReceivedAt);

/// <summary>Reads the elements of one request into rows.</summary>
public interface IElementReader
{
    /// <summary>
    /// Reads the object the reader stands at the start of and writes every column of one row. Begin and End are the caller's.
    /// </summary>
    /// <param name="element">Stands at the start of the object.</param>
    /// <param name="body">What the reader reads: a value's raw JSON is from its <c>TokenStartIndex</c> to <c>BytesConsumed</c> after it.</param>
    /// <param name="row">Takes the columns.</param>
    /// <returns>What is wrong with the element, or null. After a fault reader and row may be left anywhere.</returns>
    /// <exception cref="JsonException">It is not JSON.</exception>
    FieldError? Read(ref Utf8JsonReader element, ReadOnlySpan<byte> body, RowBatch row);
}

/// <summary>An element that was not taken.</summary>
/// <param name="Index">Its place in the request, from 0.</param>
/// <param name="Field">The member that is wrong.</param>
/// <param name="Message">What would be accepted.</param>
public sealed record RejectedElement(int Index, string Field, string Message);
