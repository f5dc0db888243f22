using System.Diagnostics;
using System.Globalization;
using System.Security.Claims;
using Delivery.Contracts.Commands;
using Microsoft.AspNetCore.Http;

namespace Delivery.Contracts.Http;

/// <summary>Reads who calls, and what the request says about why, from an HTTP request.</summary>
public static class Caller
{
    private const int LongestComment = 2_000;
    private const int LongestId = 200;

    /// <summary>The audit part of a command: principal from the key, comment from <c>X-Comment</c> (a body's comment wins),
    /// <c>If-Match</c>, <c>Idempotency-Key</c>, <c>X-Correlation-Id</c>.</summary>
    /// <exception cref="InvalidRequest">A header can't be taken.</exception>
    public static Audit Audit(this HttpContext http, string? comment = null)
    {
        var why = comment ?? Header(http, "X-Comment", LongestComment);
        if (why?.Length > LongestComment)
            throw new InvalidRequest("comment", $"at most {LongestComment} characters");
        return new Audit(
            http.User.Identity?.Name ?? "anonymous",
            http.User.AccessRole(),
            Header(http, "X-Correlation-Id", LongestId) ?? Activity.Current?.TraceId.ToString() ?? http.TraceIdentifier,
            CausationId: http.TraceIdentifier,
            Comment: string.IsNullOrWhiteSpace(why) ? null : why.Trim(),
            ExpectedVersion: IfMatch(http),
            IdempotencyKey: Header(http, "Idempotency-Key", LongestId));
    }

    /// <summary>The role of the key that signed in.</summary>
    public static AccessRole AccessRole(this ClaimsPrincipal user) =>
        Enum.TryParse<AccessRole>(user.FindFirstValue(AccessPolicy.RoleClaim), out var role) ? role : 0;

    /// <summary>
    /// The environment an SDK call is about: the one its key is bound to; a key without one (operator, admin) names it in
    /// <c>?environment=</c> or <c>X-Environment</c>, and means <c>production</c> otherwise.
    /// </summary>
    public static string Environment(this HttpContext http)
    {
        if (http.User.FindFirstValue(AccessPolicy.EnvironmentClaim) is { Length: > 0 } bound)
            return bound;
        if (http.Request.Query["environment"].FirstOrDefault() is { Length: > 0 } asked)
            return asked;
        return Header(http, "X-Environment", LongestId) ?? "production";
    }

    private static long? IfMatch(HttpContext http)
    {
        var header = http.Request.Headers.IfMatch.ToString();
        if (header.Length == 0 || header == "*")
            return null;
        var digits = header.StartsWith("W/", StringComparison.Ordinal) ? header.AsSpan(2) : header;
        return long.TryParse(digits.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? version
            : throw new InvalidRequest("If-Match", "a stream version as an entity tag, such as \"3\"");
    }

    private static string? Header(HttpContext http, string name, int longest)
    {
        var value = http.Request.Headers[name].ToString();
        if (value.Length > longest)
            throw new InvalidRequest(name, $"at most {longest} characters");
        return value.Length == 0 ? null : value;
    }
}
