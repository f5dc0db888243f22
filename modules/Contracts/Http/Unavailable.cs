namespace Delivery.Contracts.Http;

/// <summary>What is asked can't be answered now, although nothing is wrong with the question: answered as 503 with this code and these words.</summary>
/// <param name="code">The problem's code.</param>
/// <param name="detail">What is missing, and what would help.</param>
public sealed class Unavailable(string code, string detail) : Exception(detail)
{
    /// <summary>The problem's code.</summary>
    public string Code { get; } = code;
}
