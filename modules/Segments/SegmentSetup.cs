using Marten;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Delivery.Segments;

/// <summary>Gives a module a log for its rows.</summary>
public static class SegmentSetup
{
    /// <summary>Adds the singleton <see cref="SegmentLog{TRow}"/> and its writer; the tables are made at start.</summary>
    public static void AddSegmentLog<TRow>(this IHostApplicationBuilder builder, SegmentTable<TRow> table)
    {
        builder.Services.AddOptions<SegmentOptions>().BindConfiguration(SegmentOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.ConfigureMarten(options =>
        {
            options.Events.AddEventType<RowsSealed>();
            options.Events.AddEventType<RowsRedacted>();
            options.Events.AddEventType<RowsRetired>();
        });
        builder.Services.AddSingleton(services => new SegmentLog<TRow>(
            table, services.GetRequiredService<IDocumentStore>(), services.GetRequiredService<NpgsqlDataSource>(),
            services.GetRequiredService<IOptions<SegmentOptions>>().Value, services.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton<IHostedService>(Committer<TRow>);
        builder.Services.AddSingleton<IHostedService>(services => new SliceIndexer(
            table.Sql, services.GetRequiredService<NpgsqlDataSource>(), services.GetRequiredService<IOptions<SegmentOptions>>().Value,
            services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<SliceIndexer>>()));
    }

    private static GroupCommitter Committer<TRow>(IServiceProvider services)
    {
        var log = services.GetRequiredService<SegmentLog<TRow>>();
        var database = services.GetRequiredService<NpgsqlDataSource>();
        var options = services.GetRequiredService<IOptions<SegmentOptions>>().Value;
        var partitions = new Partitions(log.Sql, database, options);
        var transaction = new SegmentTransaction(
            log.Sql, services.GetRequiredService<IDocumentStore>(), database, partitions, services.GetRequiredService<TimeProvider>());
        return new GroupCommitter(
            log.Sql, log.Queue, transaction, partitions, log.Budget, log.Recent, log.Head,
            options, services.GetRequiredService<ILogger<GroupCommitter>>());
    }
}
