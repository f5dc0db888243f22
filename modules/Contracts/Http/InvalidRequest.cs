using Delivery.Contracts.Commands;

namespace Delivery.Contracts.Http;

/// <summary>
/// A request that can't be read: thrown at the HTTP edge only, before any command exists; the server answers with a
/// problem-details document that names the fields.
/// </summary>
public sealed class InvalidRequest : Exception
{
    /// <summary>One field can't be read.</summary>
    public InvalidRequest(string field, string message)
        : this([new FieldError(field, message)])
    {
    }

    /// <summary>Several fields can't be read.</summary>
    public InvalidRequest(IReadOnlyList<FieldError> errors, int statusCode = 400)
        : base(string.Join("; ", errors.Select(e => $"{e.Field}: {e.Message}")))
    {
        Errors = errors;
        StatusCode = statusCode;
    }

    /// <summary>What is wrong, by field.</summary>
    public IReadOnlyList<FieldError> Errors { get; }

    /// <summary>The HTTP status to answer with.</summary>
    public int StatusCode { get; }
}
