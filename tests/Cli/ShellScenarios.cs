namespace Delivery.Cli.Tests;

public sealed class ShellScenarios(CommandLine cli) : IClassFixture<CommandLine>
{
    [Fact]
    public async Task every_kind_of_failure_has_its_exit_status_and_a_sentence()
    {
        var missing = await cli.Type("flags", "get", "no-such-flag");
        missing.Status.ShouldBe(4);
        missing.Error.ShouldContain("no-such-flag");

        var bad = await cli.Type("flags", "create", "Not A Key");
        bad.Status.ShouldBe(2);
        bad.Error.ShouldContain("key:");

        (await cli.TypeAs("dlv_admin_0000000000000000_nobody", "", "flags", "list")).Status.ShouldBe(3);
        (await cli.TypeAs(null, "", "flags", "list")).Status.ShouldBe(3);
        (await cli.Type("flags", "lst")).Status.ShouldBe(2);
        (await cli.Type("flags", "list", "-o", "xml")).Status.ShouldBe(2);

        (await cli.Type("flags", "create", "cli-conflict")).Well();
        (await cli.Type("flags", "create", "cli-conflict", "--type", "string", "--variant", "a=1")).Status.ShouldBe(5);
        (await cli.Type("flags", "set", "cli-conflict", "--serve", "on", "--if-match", "99")).Status.ShouldBe(5);
        (await cli.Type("flags", "set", "cli-conflict", "--split", "on=60", "--split", "off=60")).Error.ShouldContain("add up to 100");
    }

    [Fact]
    public async Task a_server_that_is_not_there_is_told_as_such()
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        using var input = new StringReader("");
        var nowhere = cli.Terminal(output, error, input, "dlv_x") with { Handler = () => new SocketsHttpHandler() };
        var status = await DeliveryCommand.RunAsync(["flags", "list", "--server", "http://127.0.0.1:9"], nowhere, TestContext.Current.CancellationToken);
        status.ShouldBe(6);
        error.ToString().ShouldContain("can't be reached");
    }

    [Fact]
    public async Task login_checks_the_key_and_remembers_it_for_its_owner_only()
    {
        (await cli.TypeAs(null, "dlv_admin_0000000000000000_wrong\n", "login", "--server", "http://localhost/")).Status.ShouldBe(3);
        (await cli.TypeAs(null, Testing.DeliveryServer.AdminKey + "\n", "login", "--server", "http://localhost/")).Well().Out.ShouldContain("Signed in");
        var file = Path.Combine(cli.Folder, "config", "credentials.json");
        if (!OperatingSystem.IsWindows())
            System.IO.File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        (await cli.TypeAs(null, "", "flags", "list")).Well();
        (await cli.TypeAs(null, "", "logout")).Well();
        (await cli.TypeAs(null, "", "flags", "list")).Status.ShouldBe(3);
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    [InlineData("pwsh")]
    public async Task a_shell_gets_its_completion_script(string shell) =>
        (await cli.Type("completion", shell)).Well().Out.ShouldContain("[suggest:");

    [Fact]
    public async Task completion_knows_the_commands()
    {
        var found = (await cli.Type("[suggest:16]", "delivery flags k")).Well().Out;
        found.ShouldNotContain("list");
        found.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).ShouldContain("kill");
    }
}
