namespace Delivery.Cli.Tests;

public sealed class LedgerScenarios(CommandLine cli) : IClassFixture<CommandLine>
{
    [Fact]
    public async Task an_exposure_is_listed_counted_exported_and_proved_without_the_server()
    {
        await cli.Recorded("cli-ledger", "ann");
        (await cli.Type("exposures", "list", "--flag", "cli-ledger")).Well().Out.ShouldContain("ann");
        (await cli.Type("exposures", "of", "ann", "-o", "json")).Well().Json[0].GetProperty("flag").GetString().ShouldBe("cli-ledger");
        var count = (await cli.Type("exposures", "count", "--flag", "cli-ledger", "--by", "variant")).Well().Out;
        count.ShouldContain("VARIANT");
        count.ShouldContain("on");
        var csv = Path.Combine(cli.Folder, "exposures.csv");
        (await cli.Type("exposures", "list", "--flag", "cli-ledger", "-f", csv)).Well();
        (await File.ReadAllTextAsync(csv, TestContext.Current.CancellationToken)).ShouldContain("ann");

        (await cli.Type("exposures", "verify", "--flag", "cli-ledger", "-e", "production")).Well().Out.ShouldContain("checked");
        (await cli.Type("ledger", "verify")).Well().Out.ShouldContain("valid");
        var head = Path.Combine(cli.Folder, "noted.json");
        (await cli.Type("ledger", "head", "-f", head)).Well();
        var export = Path.Combine(cli.Folder, "ledger");
        (await cli.Type("ledger", "export", export)).Well();
        (await cli.TypeAs(null, "", "ledger", "check", export)).Well().Out.ShouldContain("yes");
        (await cli.TypeAs(null, "", "ledger", "check", export, "--head", head)).Well().Out.ShouldContain("yes");

        var rows = Path.Combine(export, "rows.pgcopy");
        var bytes = await File.ReadAllBytesAsync(rows, TestContext.Current.CancellationToken);
        var at = bytes.AsSpan().IndexOf("ann"u8);
        bytes[at] = (byte)'A';
        await File.WriteAllBytesAsync(rows, bytes, TestContext.Current.CancellationToken);
        var tampered = await cli.TypeAs(null, "", "ledger", "check", export);
        tampered.Status.ShouldBe(1);
        tampered.Out.ShouldContain("row-changed");
    }

    [Fact]
    public async Task units_are_asked_for_each_once_and_one_is_forgotten()
    {
        await cli.Recorded("cli-units", "bea");
        (await cli.Type("exposures", "list", "--unit", "bea", "--version", "1")).Well().Out.ShouldContain("Nobody");
        (await cli.Type("exposures", "first", "--flag", "cli-units")).Well().Out.ShouldContain("bea");
        (await cli.Type("exposures", "crossovers", "--flag", "cli-units")).Well().Out.ShouldContain("none");
        (await cli.Type("exposures", "outdated", "--flag", "cli-units", "-e", "production")).Well().Out.ShouldContain("none");
        (await cli.Type("flags", "set", "cli-units", "--serve", "off")).Well();
        (await cli.Type("exposures", "outdated", "--flag", "cli-units", "-e", "production")).Well().Out.ShouldContain("bea");
        (await cli.Type("exposures", "unassigned", "--flag", "cli-units", "-e", "production", "-o", "json")).Well().Json.GetArrayLength().ShouldBe(0);
        (await cli.Type("exposures", "traffic", "cli-units")).Well().Out.ShouldContain("units");

        (await cli.Type("exposures", "forget", "bea")).Well().Out.ShouldContain("forgotten-");
        (await cli.Type("exposures", "of", "bea")).Well().Out.ShouldContain("no flag");
        (await cli.Type("ledger", "verify")).Well().Out.ShouldContain("redacted");
    }

    [Fact]
    public async Task plugins_are_listed_and_one_that_is_not_there_is_told_as_such()
    {
        (await cli.Type("plugins", "list")).Well();
        (await cli.Type("plugins", "check", "no-such-instance")).Status.ShouldBe(4);
    }

    [Fact]
    public async Task a_list_of_units_goes_into_a_segment_and_comes_back()
    {
        await cli.Segment("cli-segment");
        var file = cli.File("units.csv", "ann\nbob\n");
        (await cli.Type("segments", "upload", "cli-segment", file, "--mode", "replace")).Well();
        var back = Path.Combine(cli.Folder, "back.csv");
        (await cli.Type("segments", "download", "cli-segment", back)).Well();
        (await File.ReadAllTextAsync(back, TestContext.Current.CancellationToken)).ShouldContain("bob");
        (await cli.Type("segments", "list")).Well().Out.ShouldContain("cli-segment");
    }
}
