using Delivery.Testing;
using Npgsql;

[assembly: AssemblyFixture(typeof(PostgresFixture))]

namespace AppHost.Tests.EmbeddedPostgres;

public sealed class PostgresFixtureTests(PostgresFixture postgres)
{
    [Fact]
    public async Task each_caller_gets_a_database_of_its_own()
    {
        var first = new NpgsqlConnectionStringBuilder(await postgres.CreateDatabaseAsync("orders"));
        var second = new NpgsqlConnectionStringBuilder(await postgres.CreateDatabaseAsync("orders"));

        second.Database.ShouldNotBe(first.Database);
        second.Database!.ShouldStartWith("orders_");
    }
}
