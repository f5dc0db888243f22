using System.Text.Json;
using Delivery.Contracts.Http;

namespace Delivery.Targeting.Flags;

/// <summary>A query parameter that takes one of an enumeration's words.</summary>
internal static class Choice
{
    /// <exception cref="InvalidRequest">It is no such word.</exception>
    public static T? Of<T>(string parameter, string? word)
        where T : struct, Enum
    {
        if (word is null)
            return null;
        foreach (var value in Enum.GetValues<T>())
        {
            if (Word(value) == word)
                return value;
        }

        throw new InvalidRequest(parameter, $"one of {string.Join(", ", Enum.GetValues<T>().Select(Word))}");
    }

    public static string Word<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());
}
