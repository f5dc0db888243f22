using Delivery.Shop.Storefront;
using Microsoft.Extensions.Options;

namespace Delivery.Shop.Deployments;

/// <summary>The pages of one version.</summary>
internal sealed class VersionPages(IOptions<DeploymentOptions> options, Dice dice, TimeProvider time)
{
    /// <summary>What goes wrong in the shop on a good day.</summary>
    private const double BaseErrorRate = 0.001;

    private int Version => options.Value.Version;

    /// <summary>Sells a basket. Version 2 throws for customers who pay by invoice, one in five.</summary>
    internal async Task<IResult> CheckoutAsync(HttpContext http, CancellationToken cancellationToken)
    {
        await WorkAsync(10 + dice.Tail(5), cancellationToken);
        if (Version == 2 && Customers.Of(http) is { PaysByInvoice: true } customer)
            throw new NotSupportedException($"Version 2 has no invoice form for {customer.Id}.");
        return dice.Roll() < BaseErrorRate
            ? Results.Problem("The payment provider did not answer.", statusCode: StatusCodes.Status502BadGateway)
            : Results.Ok(new { version = Version, checkout = "sold" });
    }

    /// <summary>Finds things; version 3 is a little faster.</summary>
    internal async Task<IResult> SearchAsync(CancellationToken cancellationToken)
    {
        await WorkAsync((Version == 3 ? 8 : 12) + dice.Tail(5), cancellationToken);
        return Results.Ok(new { version = Version, hits = (int)(dice.Roll() * 50) });
    }

    /// <summary>Recommends things.</summary>
    internal async Task<IResult> RecommendationsAsync(CancellationToken cancellationToken)
    {
        await WorkAsync(8 + dice.Tail(5), cancellationToken);
        return Results.Ok(new { version = Version });
    }

    private Task WorkAsync(double milliseconds, CancellationToken cancellationToken) =>
        Task.Delay(TimeSpan.FromMilliseconds(milliseconds), time, cancellationToken);
}
