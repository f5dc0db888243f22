using System.Net;
using Delivery.Client;
using Delivery.Shop.Demo;

namespace Delivery.Shop.Storefront;

/// <summary>The shop's pages. Each asks for its own flag, works for as long as such a page works, and says how it went.</summary>
internal sealed class Pages(ReleaseKeys releases, Dice dice, TimeProvider time)
{
    /// <summary>What goes wrong in the shop on a good day.</summary>
    private const double BaseErrorRate = 0.001;

    /// <summary>
    /// Sells a basket. The new checkout has a bug: it throws for customers who pay by invoice, one in five. The dev team
    /// never saw it, because they pay with test cards.
    /// </summary>
    internal async Task<IResult> CheckoutAsync(HttpContext http, CancellationToken cancellationToken)
    {
        var request = http.Delivery();
        var isNew = request.EvaluateBoolean(releases.NewCheckout, defaultValue: false);
        await WorkAsync(15 + dice.Tail(10), cancellationToken);
        if (isNew && Customers.Of(http) is { PaysByInvoice: true } customer)
            throw new NotSupportedException($"The new checkout has no invoice form for {customer.Id}.");
        if (dice.Roll() < BaseErrorRate)
            return Results.Problem("The payment provider did not answer.", statusCode: StatusCodes.Status502BadGateway);
        var total = Math.Round((decimal)(5 + dice.Tail(40)), 2);
        request.Track("order", total);
        return Results.Ok(new { checkout = isNew ? "new" : "old", total });
    }

    /// <summary>Finds things; the fast search is a little faster.</summary>
    internal async Task<IResult> SearchAsync(HttpContext http, CancellationToken cancellationToken)
    {
        var isFast = http.Delivery().EvaluateBoolean(releases.FastSearch, defaultValue: false);
        await WorkAsync(isFast ? 14 + dice.Tail(10) : 20 + dice.Tail(15), cancellationToken);
        return Results.Ok(new { search = isFast ? "fast" : "old", hits = (int)(dice.Roll() * 50) });
    }

    /// <summary>
    /// Recommends things; the new way asks a slow model for 15 % of the requests, which puts its 95th percentile about
    /// 300 ms above the old one's.
    /// </summary>
    internal async Task<IResult> RecommendationsAsync(HttpContext http, CancellationToken cancellationToken)
    {
        var isNew = http.Delivery().EvaluateBoolean(releases.NewRecommendations, defaultValue: false);
        await WorkAsync(isNew && dice.Roll() < 0.15 ? 300 + dice.Tail(60) : 15 + dice.Tail(12), cancellationToken);
        return Results.Ok(new { recommendations = isNew ? "new" : "old" });
    }

    /// <summary>Shows a person what a customer gets.</summary>
    internal IResult Home(HttpContext http)
    {
        var customer = Customers.Of(http);
        var request = http.Delivery();
        var rows = new[] { releases.NewCheckout, releases.FastSearch, releases.NewRecommendations }.Select(flag =>
        {
            var details = request.EvaluateBooleanDetails(flag, defaultValue: false);
            return $"<tr><td>{Text(flag)}</td><td>{(details.Value ? "on" : "off")}</td><td>{Text(details.Error == FlagError.None ? $"{details.Reason} {details.Why.RuleId}" : details.ErrorDetails)}</td></tr>";
        });
        var user = customer?.Id ?? Customers.IdOf(1);
        return Results.Content(
            $"""
            <!doctype html><html lang="en"><meta charset="utf-8"><title>Shop</title>
            <h1>Shop</h1>
            <p>{(customer is null ? "Say who you are: " : $"Hello {Text(user)}, ring {Text(customer.Ring)}. ")}<a href="/?user={Customers.IdOf(Random(http))}">be somebody</a></p>
            <table>{string.Concat(rows)}</table>
            <p><a href="/checkout?user={user}">checkout</a> <a href="/search?user={user}">search</a>
            <a href="/recommendations?user={user}">recommendations</a> <a href="/alerts">alerts</a></p></html>
            """,
            "text/html");
    }

    private int Random(HttpContext http) => 1 + (int)(dice.Roll() * http.RequestServices.GetRequiredService<Customers>().Count);

    private Task WorkAsync(double milliseconds, CancellationToken cancellationToken) =>
        Task.Delay(TimeSpan.FromMilliseconds(milliseconds), time, cancellationToken);

    private static string Text(string? text) => WebUtility.HtmlEncode(text ?? "");
}
