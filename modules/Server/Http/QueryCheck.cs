using Delivery.Contracts.Http;

namespace Delivery.Server.Http;

/// <summary>Query parameters go to the database as text, which has no place for NUL: refused here once, for every endpoint.</summary>
internal static class QueryCheck
{
    public static void UseQueryCheck(this WebApplication app) => app.Use((http, next) =>
    {
        foreach (var (name, values) in http.Request.Query)
        {
            if (values.Any(value => value?.Contains('\0', StringComparison.Ordinal) is true))
                throw new InvalidRequest(name, "text without the NUL character");
        }

        return next(http);
    });
}
