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

/// <summary>Tests the traffic of each flag that was met since the last look, or was to be, and tells of a mismatch and of traffic that fell.</summary>
internal sealed partial class TrafficWatch(
    IServiceScopeFactory scopes, NpgsqlDataSource database, IOptions<VerifyingOptions> options, TimeProvider time, ILogger<TrafficWatch> logger) : BackgroundService
{
    private const double BlockingP = 0.001;

    /// <summary>Looks once.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        foreach (var (flag, environment, isMet) in await MetAsync(cancellationToken))
        {
            await using var scope = scopes.CreateAsyncScope();
            var report = await scope.ServiceProvider.GetRequiredService<TrafficCheck>().RunAsync(flag, environment, cancellationToken);
            if (report is not null && (isMet ? Mismatch(report) : null, Fallen(report)) is var (mismatch, fallen) && (mismatch is not null || fallen is not null))
                await TellAsync(scope.ServiceProvider.GetRequiredService<ISender>(), report, mismatch, fallen, cancellationToken);
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

    /// <summary>Of the last span, and of those it is compared with: a flag that nobody meets any more is to be seen as well.</summary>
    private async Task<List<(string Flag, string Environment, bool IsMet)>> MetAsync(CancellationToken cancellationToken)
    {
        var length = options.Value.TrafficEvery;
        var begins = TrafficForecast.Begins(time.GetUtcNow(), length);
        var spans = begins.Select((_, at) =>
            $"SELECT flag, environment, {(at == 0 ? "true" : "false")} AS now FROM {ExposureTable.Recorded} WHERE received_at >= ${at + 2} AND received_at < ${at + 2}::timestamptz + $1");
        await using var command = database.CreateQuestion($"SELECT flag, environment, bool_or(now) FROM ({string.Join(" UNION ", spans)}) met GROUP BY flag, environment");
        command.Parameters.AddWithValue(length);
        foreach (var begin in begins)
            command.Parameters.AddWithValue(begin);
        var met = new List<(string, string, bool)>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            met.Add((reader.GetString(0), reader.GetString(1), reader.GetBoolean(2)));
        return met;
    }

    /// <summary>
    /// Over all epochs, each unit once; or in the present one, where units that came back count too: who does may depend on what was shown, so that is no more than a warning.
    /// </summary>
    private TrafficMismatch? Mismatch(TrafficReport report)
    {
        var overall = report.Overall;
        var present = report.Epochs is [.., var newest]
            ? newest.Splits.Where(split => split.P is { } one && one * newest.Splits.Count < BlockingP).MinBy(split => split.P)
            : null;
        var (level, p, arms, units, where) = overall is { Level: SrmLevel.Warned or SrmLevel.Blocked, P: { } all }
            ? (overall.Level, all, overall.Arms, overall.Units, "over all allocation epochs")
            : present is { P: { } now }
            ? (SrmLevel.Warned, now, present.Arms, present.Arms.Sum(arm => arm.RecordedUnits), "in the present allocation epoch, units that came back included")
            : (null, 1, [], 0, "");
        if (level is null)
            return null;
        var told = string.Join("; ", arms.Select(arm => string.Create(
            CultureInfo.InvariantCulture, $"{arm.Variant ?? "control"} {arm.RecordedUnits} units, expected {arm.ExpectedUnits:F1}")));
        return new TrafficMismatch(
            report.Flag, report.Environment, report.Owner, level == SrmLevel.Blocked, p,
            string.Create(CultureInfo.InvariantCulture, $"Of {units} units: {told}. Sequential p = {p:G3} {where}."), time.GetUtcNow());
    }

    /// <summary>Not where the flag is off for everyone on purpose.</summary>
    private TrafficFallen? Fallen(TrafficReport report) =>
        report.Forecast is not { Level: TrafficLevel.Fallen, ForecastUnits: { } forecast, P: { } p } || report.IsOff
            ? null
            : new TrafficFallen(
                report.Flag, report.Environment, report.Owner, report.Forecast.Now.Units, forecast, p,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{report.Forecast.Now.Units} units from {report.Forecast.Now.From.UtcDateTime:yyyy-MM-dd HH:mm} to {report.Forecast.Now.To.UtcDateTime:HH:mm} UTC; {string.Join(" and ", report.Forecast.ComparedWith.Select(span => string.Create(CultureInfo.InvariantCulture, $"{span.Units} from {span.From.UtcDateTime:yyyy-MM-dd HH:mm}")))}. That it is not much below that has p = {p:G3}."),
                time.GetUtcNow());

    private async Task TellAsync(ISender sender, TrafficReport report, TrafficMismatch? mismatch, TrafficFallen? fallen, CancellationToken cancellationToken)
    {
        if (mismatch is not null)
            LogMismatch(report.Environment, report.Flag, mismatch.P);
        if (fallen is not null)
            LogFallen(report.Environment, report.Flag, fallen.Units, fallen.ForecastUnits);
        var outcome = await sender.Send(new ReportTraffic(Audit.Platform("traffic-watch", $"flag:{report.Flag}"), report.Flag, mismatch, fallen), cancellationToken);
        if (outcome is not Outcome.Done)
            throw new InvalidOperationException($"the traffic of {report.Flag} could not be told: {outcome}");
    }

    [LoggerMessage(3003, LogLevel.Warning, "The units of {Environment}/{Flag} do not reach its variants as intended: p = {P}.")]
    private partial void LogMismatch(string environment, string flag, double p);

    [LoggerMessage(3007, LogLevel.Warning, "{Environment}/{Flag} is met by {Units} units, where {ForecastUnits} were to be expected.")]
    private partial void LogFallen(string environment, string flag, long units, double forecastUnits);

    [LoggerMessage(3004, LogLevel.Warning, "The flags' traffic could not be tested; it is tried again at the next look.")]
    private partial void LogFailed(Exception exception);
}
