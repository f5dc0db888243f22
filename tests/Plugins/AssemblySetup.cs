using Delivery.Testing;

[assembly: AssemblyFixture(typeof(PostgresFixture))]
