using Delivery.Contracts.Http;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Delivery.Exposures.Queries;

/// <summary>One group of a count: what it is grouped by, and how many.</summary>
/// <param name="By">The groups' names and values.</param>
/// <param name="Exposures">Exposures, repeated reports counted once.</param>
/// <param name="Units">Distinct units among them.</param>
/// <param name="Share">The group's part of all exposures asked for, in [0, 1].</param>
/// <param name="PerHour">Exposures an hour: over the group's minute, hour or day, else from <c>from</c> to <c>to</c>; absent where neither says how long.</param>
internal sealed record ExposureCount(IReadOnlyDictionary<string, object?> By, long Exposures, long Units, double Share, double? PerHour);

/// <summary>How many exposures and units, by any of variant, reason, rule, version, environment, flag, timing, minute, hour and day.</summary>
internal static class CountExposures
{
    private const int MostGroups = 100_000;

    private static readonly Dictionary<string, string> Groups = new(StringComparer.Ordinal)
    {
        ["flag"] = "flag",
        ["variant"] = "variant",
        ["reason"] = "reason",
        ["rule"] = "rule_id",
        ["version"] = "flag_version",
        ["environment"] = "environment",
        ["timing"] = "CASE timing WHEN 0 THEN 'on-time' WHEN 1 THEN 'late' ELSE 'future' END",
        ["minute"] = "date_trunc('minute', time, 'UTC')",
        ["hour"] = "date_trunc('hour', time, 'UTC')",
        ["day"] = "date_trunc('day', time, 'UTC')",
    };

    public static async Task<IResult> Handle(ExposureFilter filter, HttpContext http, NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        var by = By(http);
        await using var command = database.CreateQuestion();
        var groups = string.Concat(by.Select(name => $"{Groups[name]} AS \"{name}\", "));
        command.CommandText = $"""
            SELECT {groups} count(*), count(DISTINCT unit) FROM {ExposureTable.Recorded} e
            WHERE {filter.Where(command)}
            {(by.Length == 0 ? "" : $"GROUP BY {Ordinals(by)} ORDER BY {Ordinals(by)}")} LIMIT {MostGroups + 1}
            """;
        var counts = new List<ExposureCount>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            counts.Add(Count(by, reader));
        if (counts.Count > MostGroups)
            throw new InvalidRequest("by", $"fewer groups: this gives more than {MostGroups}; narrow from and to");
        var total = Math.Max(1, counts.Sum(count => count.Exposures));
        var hours = HoursOf(by, filter);
        return Results.Ok(new { items = counts.Select(count => count with { Share = (double)count.Exposures / total, PerHour = count.Exposures / hours }) });
    }

    /// <summary>The shortest span a group stands for.</summary>
    private static double? HoursOf(string[] by, ExposureFilter filter) =>
        by.Contains("minute") ? 1 / 60d
        : by.Contains("hour") ? 1
        : by.Contains("day") ? 24
        : filter is { From: { } from, To: { } to } && to > from ? (to - from).TotalHours
        : null;

    private static string[] By(HttpContext http)
    {
        var by = http.Request.Query["by"].ToString().Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return by.All(Groups.ContainsKey) && by.Distinct(StringComparer.Ordinal).Count() == by.Length
            ? by
            : throw new InvalidRequest("by", $"any of {string.Join(", ", Groups.Keys)}, each once, separated by commas");
    }

    private static ExposureCount Count(string[] by, NpgsqlDataReader reader)
    {
        var values = by.Select((name, i) => KeyValuePair.Create(name, reader.IsDBNull(i) ? null : reader.GetValue(i)));
        return new ExposureCount(new Dictionary<string, object?>(values), reader.GetInt64(by.Length), reader.GetInt64(by.Length + 1), 0, null);
    }

    private static string Ordinals(string[] by) => string.Join(", ", Enumerable.Range(1, by.Length));
}
