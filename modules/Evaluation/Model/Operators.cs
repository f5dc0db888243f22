using System.Collections.Frozen;
using System.Text.Json;

namespace Delivery.Evaluation;

/// <summary>The operators' words in JSON.</summary>
public static class Operators
{
    private static readonly FrozenDictionary<string, ConditionOperator> ByWord =
        Enum.GetValues<ConditionOperator>().ToFrozenDictionary(Word, StringComparer.Ordinal);

    /// <summary>All words, in the order of <see cref="ConditionOperator"/>.</summary>
    public static IReadOnlyList<string> Words { get; } = [.. Enum.GetValues<ConditionOperator>().Select(Word)];

    /// <summary>The operator a word stands for.</summary>
    /// <param name="word">The word, as in JSON.</param>
    /// <param name="comparison">The operator.</param>
    /// <returns>False if there is no such word.</returns>
    public static bool TryParse(string word, out ConditionOperator comparison) => ByWord.TryGetValue(word, out comparison);

    /// <summary>The word an operator has in JSON.</summary>
    /// <param name="comparison">The operator.</param>
    /// <returns>The word.</returns>
    public static string Word(ConditionOperator comparison) => JsonNamingPolicy.CamelCase.ConvertName(comparison.ToString());
}
