using Delivery.Client.Reporting;
using Delivery.Evaluation;

namespace Delivery.Client.Rulesets;

/// <summary>Keeps the newest ruleset on disk, off the stream's path and once a second at the most.</summary>
internal sealed class RulesetKeeper(ServedRuleset served, RulesetFile file, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly WakeSignal _changed = new();
    private readonly CancellationTokenSource _stopping = new();
    private Task _loop = Task.CompletedTask;
    private Snapshot? _kept;

    internal void Start() => _loop = Task.Run(RunAsync);

    internal void Changed() => _changed.Set();

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _changed.Set();
        await _loop;
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        while (true)
        {
            await _changed.WaitAsync();
            var last = _stopping.IsCancellationRequested;
            if (served.Origin == RulesetOrigin.Server && served.Snapshot is { } snapshot && !ReferenceEquals(snapshot, _kept))
            {
                await file.WriteAsync(snapshot.ToRuleset(), CancellationToken.None);
                _kept = snapshot;
            }

            if (last)
                return;
            await Task.WhenAny(Task.Delay(Pause, time, _stopping.Token));
        }
    }
}
