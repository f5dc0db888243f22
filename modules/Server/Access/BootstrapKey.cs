using Delivery.Contracts.Access;
using Delivery.Contracts.Commands;
using Marten;
using Mediator;

namespace Delivery.Server.Access;

/// <summary>
/// Makes the admin key that the configuration names (<c>Delivery:Access:BootstrapAdminKey</c>) valid before the server
/// answers, and revokes the one of an earlier run: whoever starts the platform can administer it, nobody else.
/// </summary>
internal sealed partial class BootstrapKey(IServiceScopeFactory scopes, IConfiguration configuration, ILogger<BootstrapKey> logger)
    : IHostedService
{
    public const string Setting = "Delivery:Access:BootstrapAdminKey";
    private const string Name = "admin";
    private const string Platform = "platform";

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (configuration[Setting] is not { Length: > 0 } configured)
        {
            LogNone(Setting);
            return;
        }

        var secret = KeySecret.Parse(configured)
            ?? throw new InvalidOperationException($"{Setting} is not a key: dlv_admin_<16 hex digits>_<43 base64url characters> is expected.");
        await using var scope = scopes.CreateAsyncScope();
        var sender = scope.ServiceProvider.GetRequiredService<ISender>();
        var audit = Audit.Platform(Platform, $"start-{secret.Id}", comment: "the admin key this run was started with");
        var earlier = await scope.ServiceProvider.GetRequiredService<IQuerySession>().Query<AccessKey>()
            .Where(k => k.Name == Name && k.IssuedBy == Platform && k.RevokedAt == null && k.KeyId != secret.Id)
            .ToListAsync(cancellationToken);
        foreach (var key in earlier)
            Expect(await sender.Send(new RevokeKey(audit, key.KeyId), cancellationToken));
        Expect(await sender.Send(new IssueKey(audit, secret.Id, Name, AccessRole.Admin, null, secret.Hash(), []), cancellationToken));
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static void Expect(Outcome outcome)
    {
        if (outcome is not Outcome.Done)
            throw new InvalidOperationException($"the admin key could not be set up: {outcome}");
    }

    [LoggerMessage(1001, LogLevel.Warning, "No {Setting} is set: only keys issued earlier open this server.")]
    private partial void LogNone(string setting);
}
