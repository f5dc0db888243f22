using Delivery.Contracts.Commands;
using Delivery.Targeting.Environments;
using Delivery.Targeting.Flags;
using Delivery.Targeting.Lifecycle;
using Delivery.Targeting.Populations;
using Marten;
using Mediator;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Delivery.Targeting.Live;

/// <summary>Before the server answers: the first environments exist, and the configuration is in memory.</summary>
internal sealed class LoadConfiguration(IServiceScopeFactory scopes, CatchUp catchUp, LiveRulesets live, CodeIndex code) : IHostedService
{
    private static readonly IReadOnlyList<(string Key, string Name)> First = [("production", "Production"), ("staging", "Staging")];

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var session = scope.ServiceProvider.GetRequiredService<IQuerySession>();
        if (!await session.Query<DeliveryEnvironment>().AnyAsync(cancellationToken))
            await MakeFirst(scope.ServiceProvider.GetRequiredService<ISender>(), cancellationToken);
        await catchUp.BeginAsync(cancellationToken);
        var environments = await session.Query<DeliveryEnvironment>().ToListAsync(cancellationToken);
        live.Load(
            environments,
            await session.Query<Flag>().ToListAsync(cancellationToken),
            await PopulationsAsync(session, cancellationToken));
        foreach (var repository in await session.Query<CodeRepository>().ToListAsync(cancellationToken))
            code.Apply(repository);
    }

    /// <summary>Lists are in the events alone; those of a segment begin with its last whole writing.</summary>
    private static async Task<IReadOnlyList<Population>> PopulationsAsync(IQuerySession session, CancellationToken cancellationToken)
    {
        var populations = new List<Population>();
        foreach (var stored in await session.Query<Population>().ToListAsync(cancellationToken))
            populations.Add(stored.HasMembers
                ? Population.Fold(await session.Events.FetchStreamAsync(stored.Id, fromVersion: stored.MembersFrom, token: cancellationToken)) ?? stored
                : stored);
        return populations;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static async Task MakeFirst(ISender sender, CancellationToken cancellationToken)
    {
        foreach (var (key, name) in First)
        {
            var outcome = await sender.Send(
                new CreateEnvironment(Audit.Platform("platform", "first-start", comment: "every platform begins with it"), key, name, null), cancellationToken);
            if (outcome is not Outcome.Done)
                throw new InvalidOperationException($"the environment {key} could not be made: {outcome}");
        }
    }
}
