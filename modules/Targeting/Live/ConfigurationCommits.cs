using Delivery.Targeting.Environments;
using Delivery.Targeting.Flags;
using Delivery.Targeting.Lifecycle;
using Marten;
using Marten.Services;
using Npgsql;

namespace Delivery.Targeting.Live;

/// <summary>
/// Stands around every commit of the store. Before: configuration is written one transaction at a time, on all servers, so
/// that the order of sequences is the order of commits and "as of sequence N" names one state for ever; and the commit is
/// announced to the other servers. After: the new state goes straight into memory and onto the open streams, whoever asked
/// for the change.
/// </summary>
internal sealed class ConfigurationCommits(LiveRulesets live, CodeIndex code) : DocumentSessionListenerBase
{
    public override async Task BeforeSaveChangesAsync(IDocumentSession session, CancellationToken token)
    {
        if (!session.PendingChanges.Streams().Any(stream => ConfigurationLock.Concerns(stream.Key)))
            return;
        await session.BeginTransactionAsync(token);
        await using var command = new NpgsqlCommand($"""
            SET LOCAL idle_in_transaction_session_timeout = '10s';
            SELECT pg_advisory_xact_lock({ConfigurationLock.Write});
            SELECT pg_notify('{ConfigurationLock.Channel}', '{live.Server}')
            """);
        await using var reader = await session.ExecuteReaderAsync(command, token);
    }

    public override Task AfterCommitAsync(IDocumentSession session, IChangeSet commit, CancellationToken token)
    {
        foreach (var document in commit.Inserted.Concat(commit.Updated))
        {
            if (document is Flag flag)
                live.Apply(flag);
            else if (document is CodeRepository repository)
                code.Apply(repository);
            else if (document is DeliveryEnvironment environment)
                live.Apply(environment);
        }

        // A gap is an earlier commit that has not come here yet; catching up takes both.
        foreach (var stream in commit.GetStreams().Where(stream => ConfigurationLock.IsPopulation(stream.Key)))
            live.Apply(stream.Key!, stream.Events);
        return Task.CompletedTask;
    }
}
