using System.Globalization;
using System.Runtime.CompilerServices;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Exposures;
using Delivery.Contracts.Targeting;
using Delivery.Exposures.Queries;
using Mediator;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Delivery.Exposures.Verifying;

/// <summary>
/// Verifies a sample of what came in since the last look, again and again: every k-th position, so that each sender and flag
/// has its part. It keeps no state: after a start it begins with the newest rows.
/// </summary>
internal sealed partial class VerificationSampler(
    IServiceScopeFactory scopes, IExposureFeed feed, NpgsqlDataSource database, IOptions<VerifyingOptions> options, TimeProvider time, ILogger<VerificationSampler> logger)
    : BackgroundService
{
    private readonly Dictionary<(string Flag, string Environment), DateOnly> _toldOn = [];
    private long? _lookedUpTo;

    /// <summary>Samples once and reports what differs, one fact for each flag.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        var head = await feed.HeadAsync(cancellationToken);
        var after = _lookedUpTo ?? Math.Max(0, head - options.Value.SampleRows);
        if (head <= after)
            return;
        await using var scope = scopes.CreateAsyncScope();
        var report = await scope.ServiceProvider.GetRequiredService<ExposureVerifier>()
            .VerifyAsync(SampleAsync(after, head, cancellationToken), cancellationToken);
        _lookedUpTo = head;
        foreach (var flag in report.Mismatches.GroupBy(mismatch => (mismatch.Flag, mismatch.Environment)))
            await ReportAsync(flag.Key.Flag, flag.Key.Environment, report.Checked, [.. flag], cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.SampleRows == 0)
            return;
        using var timer = new PeriodicTimer(options.Value.SampleEvery, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await LookAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(e);
            }
        }
    }

    private async IAsyncEnumerable<ExposureView> SampleAsync(long after, long head, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var every = Math.Max(1, (head - after + options.Value.SampleRows - 1) / Math.Max(1, options.Value.SampleRows));
        await using var command = database.CreateQuestion(string.Create(CultureInfo.InvariantCulture, $"""
            SELECT {ExposureView.Columns} FROM {ExposureTable.Recorded} e
            WHERE e.position > {after} AND e.position <= {head} AND (e.position - {after}) % {every} = 0
            """));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            yield return ExposureView.Read(reader);
    }

    private async Task ReportAsync(string flag, string environment, long seen, IReadOnlyList<Mismatch> mismatches, CancellationToken cancellationToken)
    {
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        if (_toldOn.TryGetValue((flag, environment), out var toldOn) && toldOn == today)
            return;
        // A scope for each command: it is a session and a transaction of its own.
        await using var scope = scopes.CreateAsyncScope();
        var sender = scope.ServiceProvider.GetRequiredService<ISender>();
        var owner = (await sender.Send(new FindFlag(flag, environment), cancellationToken))?.Owner;
        var first = mismatches[0];
        LogMismatch(environment, flag, mismatches.Count, first.Position, first.LikelyCause);
        var fact = new ExposureMismatch(
            flag, environment, owner, seen, mismatches.Count, first.ExposureId, first.Position, first.Recorded.ToString(), first.Expected.ToString(),
            System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(first.LikelyCause.ToString()), time.GetUtcNow());
        var outcome = await sender.Send(new ReportMismatch(Audit.Platform("exposure-verifier", $"flag:{flag}"), fact), cancellationToken);
        if (outcome is not Outcome.Done)
            throw new InvalidOperationException($"the mismatch of {flag} could not be told: {outcome}");
        _toldOn[(flag, environment)] = today;
    }

    [LoggerMessage(3001, LogLevel.Error, "Exposures of {Environment}/{Flag} do not verify: {Count} in the sample, one at position {Position}; likely cause: {Cause}.")]
    private partial void LogMismatch(string environment, string flag, int count, long position, LikelyCause cause);

    [LoggerMessage(3002, LogLevel.Warning, "The newest exposures could not be verified; they are tried again at the next look.")]
    private partial void LogFailed(Exception exception);
}
