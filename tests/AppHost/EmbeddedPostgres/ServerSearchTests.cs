using Delivery.EmbeddedPostgres;

namespace AppHost.Tests.EmbeddedPostgres;

public sealed class ServerSearchTests
{
    private readonly Dictionary<string, string> _environment = [];
    private readonly Dictionary<string, int> _servers = [];
    private string? _remembered;
    private string? _npm;

    [Fact]
    public async Task PG_BIN_wins_over_everything()
    {
        _environment["PG_BIN"] = "/given/bin";
        _servers["/given/bin"] = 14;
        _servers["/usr/lib/postgresql/17/bin"] = 17;
        _remembered = "/usr/lib/postgresql/17/bin";

        (await FindAsync()).BinDirectory.ShouldBe("/given/bin");
        _remembered.ShouldBe("/usr/lib/postgresql/17/bin");
    }

    [Fact]
    public async Task PG_BIN_without_a_server_is_an_error_and_nothing_else_is_tried()
    {
        _environment["PG_BIN"] = "/given/bin";
        _servers["/usr/lib/postgresql/17/bin"] = 17;

        (await Should.ThrowAsync<PostgresClusterException>(() => FindAsync())).Message.ShouldContain("PG_BIN is /given/bin");
    }

    [Fact]
    public async Task the_newest_installed_version_is_taken_and_remembered()
    {
        _servers["/usr/lib/postgresql/15/bin"] = 15;
        _servers["/usr/lib/postgresql/17/bin"] = 17;
        _servers["/usr/lib/postgresql/9/bin"] = 9;

        (await FindAsync()).MajorVersion.ShouldBe(17);
        _remembered.ShouldBe("/usr/lib/postgresql/17/bin");
    }

    [Fact]
    public async Task what_is_remembered_is_taken_while_it_is_there()
    {
        _remembered = "/remembered/bin";
        _servers["/remembered/bin"] = 16;
        _servers["/usr/lib/postgresql/17/bin"] = 17;
        (await FindAsync()).BinDirectory.ShouldBe("/remembered/bin");

        _servers.Remove("/remembered/bin");
        (await FindAsync()).BinDirectory.ShouldBe("/usr/lib/postgresql/17/bin");
    }

    [Theory]
    [InlineData("/opt/homebrew/opt/postgresql@16/bin")]
    [InlineData("/usr/pgsql-16/bin")]
    [InlineData("/somewhere/on/path")]
    public async Task the_usual_places_are_searched(string place)
    {
        _environment["PATH"] = string.Join(Path.PathSeparator, "/bin", "/somewhere/on/path");
        _servers[place] = 16;

        (await FindAsync()).BinDirectory.ShouldBe(place);
    }

    [Fact]
    public async Task an_installed_server_is_preferred_to_npm()
    {
        _npm = "/npm/native/bin";
        _servers["/npm/native/bin"] = 18;
        (await FindAsync()).BinDirectory.ShouldBe("/npm/native/bin");

        _remembered = null;
        _servers["/usr/lib/postgresql/13/bin"] = 13;
        (await FindAsync()).BinDirectory.ShouldBe("/usr/lib/postgresql/13/bin");
    }

    [Fact]
    public async Task a_data_directory_is_served_by_the_version_that_made_it()
    {
        _servers["/usr/lib/postgresql/15/bin"] = 15;
        _servers["/usr/lib/postgresql/17/bin"] = 17;

        (await FindAsync(requiredMajorVersion: 15)).MajorVersion.ShouldBe(15);
        (await Should.ThrowAsync<PostgresClusterException>(() => FindAsync(requiredMajorVersion: 16))).Message
            .ShouldContain("PostgreSQL 16 (the data directory's version)");
    }

    [Fact]
    public async Task without_any_server_the_four_ways_are_named()
    {
        _servers["/usr/lib/postgresql/12/bin"] = 12;

        var message = (await Should.ThrowAsync<PostgresClusterException>(() => FindAsync())).Message;

        foreach (var way in new[] { "ConnectionStrings__delivery", "PG_BIN", "apt install postgresql", "npm" })
            message.ShouldContain(way);
    }

    [Fact]
    public void npm_packages_get_the_links_their_own_script_would_make()
    {
        var package = Directory.CreateTempSubdirectory("delivery-tests-").FullName;
        try
        {
            Directory.CreateDirectory(Path.Combine(package, "native", "lib"));
            File.WriteAllText(Path.Combine(package, "native", "lib", "libpq.so.5.18"), "library");
            File.WriteAllText(
                Path.Combine(package, "native", "pg-symlinks.json"),
                """[{"source":"native/lib/libpq.so.5.18","target":"native/lib/libpq.so.5"}]""");

            NpmServerPackage.HydrateLinks(package);
            NpmServerPackage.HydrateLinks(package);

            File.ReadAllText(Path.Combine(package, "native", "lib", "libpq.so.5")).ShouldBe("library");
            File.WriteAllText(
                Path.Combine(package, "native", "pg-symlinks.json"), """[{"source":"native/lib/libpq.so.5.18","target":"../outside"}]""");
            Should.Throw<PostgresClusterException>(() => NpmServerPackage.HydrateLinks(package));
        }
        finally
        {
            Directory.Delete(package, recursive: true);
        }
    }

    private Task<ServerInstallation> FindAsync(int? requiredMajorVersion = null) => ServerSearch.FindAsync(
        new SearchSurroundings
        {
            EnvironmentVariable = _environment.GetValueOrDefault,
            SubdirectoriesOf = folder => [.. _servers.Keys.Select(Path.GetDirectoryName).OfType<string>().Where(one => Path.GetDirectoryName(one) == folder)],
            VersionTextOf = folder => _servers.TryGetValue(folder, out var major) ? $"postgres (PostgreSQL) {major}.3 (Debian)" : null,
            InstallFromNpm = _ => Task.FromResult(_npm),
            Remembered = () => _remembered,
            Remember = place => _remembered = place,
        },
        requiredMajorVersion,
        TestContext.Current.CancellationToken);
}
