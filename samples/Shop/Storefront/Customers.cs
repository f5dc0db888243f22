using System.Globalization;
using Delivery.Evaluation;

namespace Delivery.Shop.Storefront;

/// <summary>A simulated customer. Everything about them follows from their number, so every run has the same people.</summary>
/// <param name="Id">The targeting key.</param>
/// <param name="Ring"><c>dev-team</c> (1 %), <c>dogfood</c> (4 %) or <c>public</c>.</param>
/// <param name="PaysByInvoice">One in five, but nobody of the dev team: they pay with test cards.</param>
/// <param name="Context">What flags are evaluated with, made once.</param>
internal sealed record Customer(string Id, string Ring, bool PaysByInvoice, EvaluationContext Context);

/// <summary>The shop's customer directory.</summary>
internal sealed class Customers(int count)
{
    private static readonly string[] Countries = ["DE", "FR", "GB", "PL", "US"];
    private static readonly string[] Plans = ["free", "free", "plus", "business"];

    private readonly Dictionary<string, Customer> _byId = Enumerable.Range(1, count).Select(Make).ToDictionary(customer => customer.Id);

    internal int Count => _byId.Count;

    internal static string IdOf(int number) => string.Create(CultureInfo.InvariantCulture, $"customer-{number:D5}");

    /// <summary>Whom an HTTP request is for: the header of the traffic, or <c>?user=</c> of a browser.</summary>
    internal static EvaluationContext? ContextOf(HttpContext http) => Of(http)?.Context;

    internal static Customer? Of(HttpContext http)
    {
        var id = http.Request.Headers["X-User"].ToString();
        if (id.Length == 0)
            id = http.Request.Query["user"].ToString();
        return http.RequestServices.GetRequiredService<Customers>()._byId.GetValueOrDefault(id);
    }

    private static Customer Make(int number)
    {
        var dice = new Dice((ulong)number);
        var ring = dice.Roll() switch { < 0.01 => "dev-team", < 0.05 => "dogfood", _ => "public" };
        var country = Countries[(int)(dice.Roll() * Countries.Length)];
        var plan = Plans[(int)(dice.Roll() * Plans.Length)];
        var id = IdOf(number);
        var context = EvaluationContext.For(id).With("ring", ring).With("country", country).With("plan", plan).Build();
        return new Customer(id, ring, PaysByInvoice: ring != "dev-team" && dice.Roll() < 0.2, context);
    }
}
