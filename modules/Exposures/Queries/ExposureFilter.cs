using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Delivery.Contracts.Http;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Delivery.Exposures.Queries;

/// <summary>Which exposures; null accepts any. <c>From</c> is inclusive, <c>To</c> exclusive, both by the sender's time.</summary>
internal sealed record ExposureFilter(
    string? Environment = null,
    string? Flag = null,
    string? Variant = null,
    string? Unit = null,
    string? Reason = null,
    string? RuleId = null,
    long? FlagVersion = null,
    DateTimeOffset? From = null,
    DateTimeOffset? To = null)
{
    private static readonly string[] Names = ["environment", "flag", "variant", "unit", "reason", "rule", "version", "from", "to", "after", "limit", "by"];

    public static ValueTask<ExposureFilter?> BindAsync(HttpContext http)
    {
        var query = http.Request.Query;
        if (query.Keys.FirstOrDefault(key => !Names.Contains(key, StringComparer.Ordinal)) is { } unknown)
            throw new InvalidRequest(unknown, $"one of {string.Join(", ", Names)}");
        string? Text(string name) => query[name].ToString() is { Length: > 0 } value ? value : null;
        var filter = new ExposureFilter(
            Text("environment"), Text("flag"), Text("variant"), Text("unit"), Text("reason"), Text("rule"),
            QueryValues.Number(http, "version"), QueryValues.Time(http, "from"), QueryValues.Time(http, "to"));
        return ValueTask.FromResult<ExposureFilter?>(filter);
    }

    /// <summary>
    /// The conditions on the table <c>e</c>, their parameters added to <paramref name="command"/>. A repeated report of an
    /// exposure (the same id of the same unit) is left out, so that it changes no answer.
    /// </summary>
    public string Where(NpgsqlCommand command) => $"""
        NOT EXISTS (SELECT 1 FROM {ExposureTable.Rows} earlier
                    WHERE earlier.unit_hash = e.unit_hash AND earlier.id = e.id AND earlier.position < e.position
                    {(Unit is null ? "" : "AND earlier.unit_hash = @unit_hash")})
        {Conditions(command)}
        """;

    /// <summary>
    /// The same, of a filter by unit, from the unit's rows read once: to look for each one's earlier report would ask every slice again.
    /// </summary>
    public string FromUnit(NpgsqlCommand command) => $"""
        (SELECT own.*, row_number() OVER (PARTITION BY own.id ORDER BY own.position) AS report
         FROM {ExposureTable.Recorded} own WHERE own.unit_hash = @unit_hash) e
        WHERE e.report = 1 {Conditions(command)}
        """;

    /// <summary>What is asked of each exposure; begins with AND where there is anything.</summary>
    private string Conditions(NpgsqlCommand command)
    {
        var where = new StringBuilder();
        void And(string condition, string name, object? value)
        {
            if (value is null)
                return;
            where.Append(" AND ").Append(condition);
            command.Parameters.AddWithValue(name, value);
        }

        And("e.environment = @environment", "environment", Environment);
        And("e.flag = @flag", "flag", Flag);
        And("e.variant = @variant", "variant", Variant);
        And("e.unit_hash = @unit_hash", "unit_hash", Unit is null ? null : HashOf(Unit));
        And("e.unit = @unit", "unit", Unit);
        And("e.reason = @reason", "reason", Reason);
        And("e.rule_id = @rule", "rule", RuleId);
        And("e.flag_version = @version", "version", FlagVersion);
        And("e.time >= @from", "from", From?.ToUniversalTime());
        And("e.time < @to", "to", To?.ToUniversalTime());
        return where.ToString();
    }

    public static long HashOf(string unit) => unchecked((long)XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(unit)));
}

/// <summary>Values in a query string.</summary>
internal static class QueryValues
{
    public static DateTimeOffset? Time(HttpContext http, string name) => http.Request.Query[name].ToString() switch
    {
        "" => null,
        var text when DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) => time.ToUniversalTime(),
        _ => throw new InvalidRequest(name, "an ISO 8601 time such as 2026-11-23T07:17:00Z"),
    };

    public static long? Number(HttpContext http, string name) => http.Request.Query[name].ToString() switch
    {
        "" => null,
        var text when long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) => number,
        _ => throw new InvalidRequest(name, "a whole number, 0 or more"),
    };
}
