using System.Threading.Channels;
using Marten;
using Marten.Services;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Delivery.Rollouts;

/// <summary>Rollouts whose flag is to be brought in line, from the moment of their commit.</summary>
internal sealed class Due
{
    private readonly Channel<string> _keys = Channel.CreateUnbounded<string>(new UnboundedChannelOptions { SingleReader = true });

    public IAsyncEnumerable<string> ReadAllAsync(CancellationToken cancellationToken) => _keys.Reader.ReadAllAsync(cancellationToken);

    /// <summary>Adds the rollout when, and only when, the session commits.</summary>
    public void AfterCommit(IDocumentSession session, string rollout) => session.Listeners.Add(new Listener(this, rollout));

    private sealed class Listener(Due due, string rollout) : DocumentSessionListenerBase
    {
        public override Task AfterCommitAsync(IDocumentSession session, IChangeSet commit, CancellationToken token)
        {
            due._keys.Writer.TryWrite(rollout);
            return Task.CompletedTask;
        }
    }
}

/// <summary>
/// The short way from a commit to the flag, without a message's round trip. It may lose its work with the process: the
/// durable message and the conductor's next round do the same.
/// </summary>
internal sealed partial class DueWorker(Due due, FlagInLine line, ILogger<DueWorker> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var rollout in due.ReadAllAsync(stoppingToken))
        {
            try
            {
                await line.BringAsync(rollout, stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(rollout, e);
            }
        }
    }

    [LoggerMessage(5004, LogLevel.Warning, "Rollout {Rollout}: its flag could not be brought in line at once; it is tried again")]
    private partial void LogFailed(string rollout, Exception exception);
}
