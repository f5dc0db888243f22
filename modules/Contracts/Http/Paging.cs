using Microsoft.AspNetCore.Http;

namespace Delivery.Contracts.Http;

/// <summary>A page of a list: <c>?limit=</c> (1 to 1,000, default 100) and <c>?after=</c>, the previous page's <c>next</c>.</summary>
/// <param name="Limit">How many items at the most.</param>
/// <param name="After">Where the page starts, exclusive; null for the first.</param>
public sealed record Paging(int Limit, string? After)
{
    /// <summary>Called by the framework.</summary>
    /// <exception cref="InvalidRequest"><c>limit</c> can't be taken.</exception>
    public static ValueTask<Paging?> BindAsync(HttpContext http)
    {
        var limit = http.Request.Query["limit"].ToString();
        var size = 100;
        if (limit.Length > 0 && (!int.TryParse(limit, out size) || size is < 1 or > 1_000))
            throw new InvalidRequest("limit", "a whole number from 1 to 1000");
        var after = http.Request.Query["after"].ToString();
        return ValueTask.FromResult<Paging?>(new Paging(size, after.Length == 0 ? null : after));
    }

    /// <summary>Cuts a page from a list that is already in memory, ordered by <paramref name="key"/> (ordinal).</summary>
    public Page<T> Cut<T>(IEnumerable<T> items, Func<T, string> key)
    {
        var rest = items.OrderBy(key, StringComparer.Ordinal).Where(i => After is null || string.CompareOrdinal(key(i), After) > 0).Take(Limit + 1).ToList();
        return rest.Count > Limit
            ? new Page<T>(rest[..Limit], key(rest[Limit - 1]))
            : new Page<T>(rest, null);
    }
}

/// <summary>A page of a list.</summary>
/// <param name="Items">The items.</param>
/// <param name="Next">Pass as <c>?after=</c> for the next page; absent on the last.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next);
