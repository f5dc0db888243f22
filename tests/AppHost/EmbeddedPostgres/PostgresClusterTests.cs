using Delivery.EmbeddedPostgres;
using Npgsql;

namespace AppHost.Tests.EmbeddedPostgres;

public sealed class PostgresClusterTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("delivery-tests-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string DataDirectory => Path.Combine(_folder, "data");

    public PostgresClusterTests()
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(_folder, (UnixFileMode)0b111_001_001);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task a_lasting_cluster_keeps_its_data_and_its_password_between_runs()
    {
        string password;
        await using (var first = await StartAsync())
        {
            var database = await first.EnsureDatabaseAsync("delivery", Cancellation);
            await ExecuteAsync(database, "create table kept (id int); insert into kept values (7)");
            password = await File.ReadAllTextAsync(first.PasswordFile, Cancellation);
        }

        await using var second = await StartAsync();
        (await ScalarAsync(await second.EnsureDatabaseAsync("delivery", Cancellation), "select id from kept")).ShouldBe(7);
        (await File.ReadAllTextAsync(second.PasswordFile, Cancellation)).ShouldBe(password);
    }

    [Fact]
    public async Task the_password_file_is_beside_the_data_and_for_its_owner_only()
    {
        await using var cluster = await StartAsync();

        cluster.PasswordFile.ShouldBe(DataDirectory + ".password");
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(cluster.PasswordFile).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public async Task a_wrong_password_is_refused_and_the_server_listens_on_loopback_without_sockets()
    {
        await using var cluster = await StartAsync();

        var wrong = new NpgsqlConnectionStringBuilder(cluster.ConnectionString) { Password = "wrong", Pooling = false }.ConnectionString;
        (await Should.ThrowAsync<PostgresException>(() => ExecuteAsync(wrong, "select 1"))).SqlState.ShouldBe(PostgresErrorCodes.InvalidPassword);
        (await ScalarAsync(cluster.ConnectionString, "show password_encryption")).ShouldBe("scram-sha-256");
        (await ScalarAsync(cluster.ConnectionString, "show listen_addresses")).ShouldBe("127.0.0.1");
        (await ScalarAsync(cluster.ConnectionString, "show unix_socket_directories")).ShouldBe("");
        (await ScalarAsync(cluster.ConnectionString, "select datcollate || ' ' || pg_encoding_to_char(encoding) from pg_database where datname = 'postgres'"))
            .ShouldBeOneOf("C.UTF-8 UTF8", "C UTF8");
    }

    [Fact]
    public async Task a_data_directory_in_use_is_refused_with_what_to_pass_instead()
    {
        await using var running = await StartAsync();

        var refusal = await Should.ThrowAsync<PostgresClusterException>(StartAsync);

        refusal.Message.ShouldContain("--Postgres:DataDirectory=");
        refusal.Message.ShouldContain("--Postgres:Ephemeral=true");
        PostgresCluster.IsInUse(DataDirectory).ShouldBeTrue();
        (await ScalarAsync(running.ConnectionString, "select 1")).ShouldBe(1);
    }

    [Fact]
    public async Task a_free_directory_is_not_in_use_after_the_stop()
    {
        await (await StartAsync()).DisposeAsync();

        PostgresCluster.IsInUse(DataDirectory).ShouldBeFalse();
        LeftOverServer.Find(DataDirectory).ShouldBeNull();
    }

    [Fact]
    public async Task a_left_over_server_is_stopped_by_the_next_start()
    {
        await (await StartAsync()).DisposeAsync();
        var server = await ServerSearch.FindAsync(SearchSurroundings.ThisMachine(), requiredMajorVersion: null, Cancellation);
        var orphan = ServerSettings.CommandLine(server, DataDirectory, port: PortOf(await StartedOnceAsync()), fastUnsafe: true);
        var account = ServiceAccount.Choose();
        using var process = ServerProcess.Start(orphan, account, output: null);
        while (LeftOverServer.Find(DataDirectory) is null)
            await Task.Yield();

        await using var cluster = await StartAsync();

        await process.WaitForExitAsync(Cancellation);
        (await ScalarAsync(cluster.ConnectionString, "select 1")).ShouldBe(1);
    }

    [Fact]
    public async Task a_pid_file_that_names_another_program_stops_nothing()
    {
        await (await StartAsync()).DisposeAsync();
        await File.WriteAllTextAsync(Path.Combine(DataDirectory, "postmaster.pid"), $"{Environment.ProcessId}\n{DataDirectory}\n", Cancellation);

        LeftOverServer.Find(DataDirectory).ShouldBeNull();
    }

    [Fact]
    public async Task an_ephemeral_cluster_is_gone_with_its_data_after_the_stop()
    {
        var cluster = await PostgresCluster.StartAsync(Ephemeral, Cancellation);
        (await ScalarAsync(cluster.ConnectionString, "show fsync")).ShouldBe("off");
        Directory.Exists(cluster.DataDirectory).ShouldBeTrue();

        await cluster.DisposeAsync();

        Directory.Exists(Path.GetDirectoryName(cluster.DataDirectory)!).ShouldBeFalse();
    }

    [Fact]
    public async Task an_ephemeral_cluster_of_a_killed_run_is_swept_by_the_next_one()
    {
        var root = Directory.CreateTempSubdirectory(EphemeralLeftOvers.Prefix).FullName;
        await File.WriteAllTextAsync(Path.Combine(root, "postgres.lock"), "", Cancellation);
        Directory.CreateDirectory(Path.Combine(root, "postgres"));

        await using var cluster = await PostgresCluster.StartAsync(Ephemeral, Cancellation);

        Directory.Exists(root).ShouldBeFalse();
    }

    [Fact]
    public async Task a_folder_with_other_files_is_left_alone()
    {
        Directory.CreateDirectory(DataDirectory);
        var file = Path.Combine(DataDirectory, "thesis.txt");
        await File.WriteAllTextAsync(file, "years of work", Cancellation);

        var refusal = await Should.ThrowAsync<PostgresClusterException>(StartAsync);

        refusal.Message.ShouldContain("not empty");
        File.Exists(file).ShouldBeTrue();
    }

    [Fact]
    public async Task the_end_of_the_server_is_noticed()
    {
        await using var cluster = await StartAsync();
        using var server = LeftOverServer.Find(DataDirectory).ShouldNotBeNull();

        server.Kill(entireProcessTree: true);

        await cluster.WaitForExitAsync(Cancellation);
    }

    private static PostgresClusterOptions Ephemeral => new() { Ephemeral = true, FastUnsafe = true };

    private Task<PostgresCluster> StartAsync() =>
        PostgresCluster.StartAsync(new PostgresClusterOptions { DataDirectory = DataDirectory, FastUnsafe = true }, Cancellation);

    private async Task<PostgresCluster> StartedOnceAsync()
    {
        var cluster = await StartAsync();
        await cluster.DisposeAsync();
        return cluster;
    }

    private static int PortOf(PostgresCluster cluster) => cluster.Port;

    private static async Task ExecuteAsync(string connectionString, string sql) => await ScalarAsync(connectionString, sql);

    private static async Task<object?> ScalarAsync(string connectionString, string sql)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Cancellation);
    }
}
