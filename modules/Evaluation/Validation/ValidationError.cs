namespace Delivery.Evaluation;

/// <summary>What is wrong with a configuration, and where.</summary>
/// <param name="Path">The member in JSON, such as <c>rules[2].serve.split.weights[1].variant</c>.</param>
/// <param name="Message">What is wrong and what would be accepted.</param>
public sealed record ValidationError(string Path, string Message);

/// <summary>Collects errors under a path.</summary>
internal sealed class ErrorList
{
    private readonly List<ValidationError> _errors = [];

    internal IReadOnlyList<ValidationError> Errors => _errors;

    internal void Add(string path, string message) => _errors.Add(new ValidationError(path, message));

    /// <summary>A key is 1 to 200 characters without control characters and without blanks at its ends.</summary>
    internal void Key(string path, string? key)
    {
        if (string.IsNullOrEmpty(key))
            Add(path, "is required.");
        else if (key.Length > Limits.KeyLength)
            Add(path, $"is {key.Length} characters long; accepted are 1 to {Limits.KeyLength}.");
        else if (char.IsWhiteSpace(key[0]) || char.IsWhiteSpace(key[^1]) || key.Any(char.IsControl))
            Add(path, "has blanks at an end or control characters; accepted is text without them.");
    }

    internal void Unique<T>(string path, IReadOnlyList<T> items, string member, Func<T, string> key)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < items.Count; i++)
        {
            if (!seen.Add(key(items[i])))
                Add($"{path}[{i}].{member}", $"repeats {key(items[i])}; accepted is a value used once.");
        }
    }

    internal void AtMost(string path, int count, int limit, string what)
    {
        if (count > limit)
            Add(path, $"has {count} {what}; accepted are up to {limit}.");
    }
}
