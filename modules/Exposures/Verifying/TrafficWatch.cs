using System.Globalization;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Exposures;
using Delivery.Exposures.Queries;
using Delivery.Statistics;
using Mediator;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Delivery.Exposures.Verifying;

/// <summary>Tests the traffic of each flag that was met since the last look, and tells of a mismatch.</summary>
internal sealed partial class TrafficWatch(
    IServiceScopeFactory scopes, NpgsqlDataSource database, IOptions<VerifyingOptions> options, TimeProvider time, ILogger<TrafficWatch> logger) : BackgroundService
{
    /// <summary>Looks once.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        foreach (var (flag, environment) in await MetAsync(cancellationToken))
        {
            await using var scope = scopes.CreateAsyncScope();
            var report = await scope.ServiceProvider.GetRequiredService<TrafficCheck>().RunAsync(flag, environment, cancellationToken);
            if (report?.Overall is { Level: SrmLevel.Warned or SrmLevel.Blocked, P: { } p } overall)
                await TellAsync(scope.ServiceProvider.GetRequiredService<ISender>(), report, overall, p, cancellationToken);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.TrafficEvery, time);
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

    private async Task<List<(string Flag, string Environment)>> MetAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateQuestion($"SELECT DISTINCT flag, environment FROM {ExposureTable.Recorded} WHERE received_at >= $1");
        command.Parameters.AddWithValue(time.GetUtcNow() - options.Value.TrafficEvery);
        var met = new List<(string, string)>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            met.Add((reader.GetString(0), reader.GetString(1)));
        return met;
    }

    private async Task TellAsync(ISender sender, TrafficReport report, OverallTraffic overall, double p, CancellationToken cancellationToken)
    {
        var arms = string.Join("; ", overall.Arms.Select(arm => string.Create(
            CultureInfo.InvariantCulture, $"{arm.Variant ?? "control"} {arm.RecordedUnits} units, expected {arm.ExpectedUnits:F1}")));
        var fact = new TrafficMismatch(
            report.Flag, report.Environment, report.Owner, overall.Level == SrmLevel.Blocked, p,
            string.Create(CultureInfo.InvariantCulture, $"Of {overall.Units} units: {arms}. Sequential p = {p:G3} over all allocation epochs."), time.GetUtcNow());
        LogMismatch(report.Environment, report.Flag, p);
        var outcome = await sender.Send(new ReportTraffic(Audit.Platform("traffic-watch", $"flag:{report.Flag}"), fact), cancellationToken);
        if (outcome is not Outcome.Done)
            throw new InvalidOperationException($"the traffic of {report.Flag} could not be told: {outcome}");
    }

    [LoggerMessage(3003, LogLevel.Warning, "The units of {Environment}/{Flag} do not reach its variants as intended: p = {P}.")]
    private partial void LogMismatch(string environment, string flag, double p);

    [LoggerMessage(3004, LogLevel.Warning, "The flags' traffic could not be tested; it is tried again at the next look.")]
    private partial void LogFailed(Exception exception);
}
