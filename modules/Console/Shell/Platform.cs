using Delivery.Contracts.Commands;
using Delivery.Contracts.Http;
using Mediator;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.DependencyInjection;

namespace Delivery.Console.Shell;

/// <summary>
/// How pages ask and tell the platform. A circuit lives for hours, a unit of work for one request: every call gets a scope
/// of its own, and every command the signed-in person's name and role.
/// </summary>
internal sealed class Platform(IServiceScopeFactory scopes, AuthenticationStateProvider authentication, TimeProvider time)
{
    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Asks a module.</summary>
    public async Task<T> Ask<T>(IQuery<T> query, CancellationToken cancellationToken = default)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<ISender>().Send(query, cancellationToken);
    }

    /// <summary>Sends the command that <paramref name="command"/> makes for the person who is signed in.</summary>
    public async Task<Outcome> Tell(Func<Audit, Command> command, string? comment, CancellationToken cancellationToken = default)
    {
        var person = (await authentication.GetAuthenticationStateAsync()).User;
        var audit = new Audit(
            person.Identity?.Name ?? "anonymous", person.AccessRole(), $"console-{Guid.CreateVersion7(time.GetUtcNow()):N}",
            CausationId: "console", Comment: string.IsNullOrWhiteSpace(comment) ? null : comment.Trim());
        await using var scope = scopes.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<ISender>().Send((ICommand<Outcome>)command(audit), cancellationToken);
    }

    /// <summary>Ticks until cancelled, for pages that follow something live.</summary>
    public PeriodicTimer Every(TimeSpan period) => new(period, time);
}
