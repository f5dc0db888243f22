using Delivery.Metrics.Intake.OpenTelemetry;
using Delivery.Testing;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Delivery.Metrics.Tests.OpenTelemetry;

public sealed class SeriesTurnTests(PostgresFixture postgres)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task requests_of_one_sender_take_turns_over_all_servers_and_others_do_not_wait()
    {
        await using var database = NpgsqlDataSource.Create(await postgres.CreateDatabaseAsync("turns"));
        using SeriesStore here = Store(database), there = Store(database);
        var first = await here.TurnAsync([Of(sender: 1)], Cancel);

        var (again, elsewhere) = (here.TurnAsync([Of(sender: 1)], Cancel), there.TurnAsync([Of(sender: 3), Of(sender: 1)], Cancel));
        await (await here.TurnAsync([Of(sender: 2)], Cancel)).DisposeAsync();
        await (await there.TurnAsync([Of(sender: 4), Of(sender: 2)], Cancel)).DisposeAsync();

        (again.IsCompleted, elsewhere.IsCompleted).ShouldBe((false, false));
        await first.DisposeAsync();
        var next = await Task.WhenAny(again, elsewhere);
        await (await next).DisposeAsync();
        await (await (next == again ? elsewhere : again)).DisposeAsync();
    }

    private static SeriesStore Store(NpgsqlDataSource database) => new(database, Options.Create(new OtlpEventOptions()), TimeProvider.System);

    private static SentPoint Of(ulong sender) => new("production", sender, new CumulativePoint(sender, 0, 1, [1]));
}
