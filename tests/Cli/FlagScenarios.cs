namespace Delivery.Cli.Tests;

public sealed class FlagScenarios(CommandLine cli) : IClassFixture<CommandLine>
{
    [Fact]
    public async Task a_created_flag_is_listed_shown_and_has_a_history()
    {
        (await cli.Type("flags", "create", "cli-basket", "--owner", "shop", "--tag", "basket", "--description", "a shorter basket", "-m", "try it")).Well()
            .Out.ShouldContain("'cli-basket' is there");
        var listed = (await cli.Type("flags", "list", "--tag", "basket")).Well().Out;
        listed.ShouldContain("KEY");
        listed.ShouldContain("cli-basket");
        (await cli.Type("flags", "list", "--tag", "basket", "-o", "quiet")).Well().Out.Trim().ShouldBe("cli-basket");
        (await cli.Type("flags", "get", "cli-basket", "-o", "json")).Well().Json.GetProperty("owner").GetString().ShouldBe("shop");
        var history = (await cli.Type("flags", "history", "cli-basket")).Well().Out;
        history.ShouldContain("flag-created");
        history.ShouldContain("try it");
    }

    [Fact]
    public async Task set_changes_what_was_named_and_leaves_the_rest()
    {
        (await cli.Type("flags", "create", "cli-set", "--type", "string", "--variant", "a=1", "--variant", "b=2")).Well();
        (await cli.Type("flags", "set", "cli-set", "--target", "ann=a", "--target", "bob=b")).Well();
        (await cli.Type("flags", "set", "cli-set", "--serve", "b")).Well().Out.ShouldContain("serves b");
        (await cli.Type("flags", "set", "cli-set", "--target", "bob=a")).Well();
        var here = (await cli.Type("flags", "get", "cli-set", "-o", "json")).Well().Json.GetProperty("environments").GetProperty("production");
        here.GetProperty("default").GetProperty("variant").GetString().ShouldBe("b");
        var list = here.GetProperty("targets").EnumerateArray().ShouldHaveSingleItem();
        list.GetProperty("variant").GetString().ShouldBe("a");
        list.GetProperty("units").EnumerateArray().Select(u => u.GetString()).ShouldBe(["ann", "bob"], ignoreOrder: true);
    }

    [Fact]
    public async Task a_split_that_is_reweighted_keeps_its_salt()
    {
        (await cli.Type("flags", "create", "cli-split")).Well();
        (await cli.Type("flags", "set", "cli-split", "--split", "on=10", "--split", "off=90")).Well();
        var before = Split(await cli.Type("flags", "get", "cli-split", "-o", "json"));
        (await cli.Type("flags", "set", "cli-split", "--split", "on=25", "--split", "off=75")).Well();
        var after = Split(await cli.Type("flags", "get", "cli-split", "-o", "json"));
        after.Salt.ShouldBe(before.Salt);
        before.On.ShouldBe(0.10, 1e-9);
        after.On.ShouldBe(0.25, 1e-9);

        static (string? Salt, double On) Split(Said said)
        {
            var split = said.Well().Json.GetProperty("environments").GetProperty("production").GetProperty("default").GetProperty("split");
            var weights = split.GetProperty("weights").EnumerateArray().ToDictionary(w => w.GetProperty("variant").GetString()!, w => w.GetProperty("weight").GetDouble());
            return (split.GetProperty("salt").GetString(), weights["on"] / weights.Values.Sum());
        }
    }

    [Fact]
    public async Task a_kill_and_its_restore_are_seen_by_an_evaluation()
    {
        (await cli.Type("flags", "create", "cli-kill")).Well();
        (await cli.Type("flags", "set", "cli-kill", "--serve", "on")).Well();
        (await Value()).ShouldBe("true");
        (await cli.Type("flags", "kill", "cli-kill", "-m", "it burns")).Well().Out.ShouldContain("killed");
        (await Value()).ShouldBe("false");
        (await cli.Type("flags", "restore", "cli-kill")).Well();
        (await Value()).ShouldBe("true");

        async Task<string> Value() => (await cli.Type("evaluate", "cli-kill", "-u", "ann", "-o", "json")).Well().Json.GetProperty("value").GetRawText();
    }

    [Fact]
    public async Task a_diff_names_what_changed_and_an_old_version_comes_back()
    {
        (await cli.Type("flags", "create", "cli-diff")).Well();
        (await cli.Type("flags", "set", "cli-diff", "--enabled", "false")).Well();
        var diff = (await cli.Type("flags", "diff", "cli-diff")).Well().Out;
        diff.ShouldContain("enabled");
        (await cli.Type("flags", "restore", "cli-diff", "--version", "1")).Well();
        (await cli.Type("flags", "get", "cli-diff", "-o", "json")).Well().Json
            .GetProperty("environments").GetProperty("production").GetProperty("enabled").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task an_explained_evaluation_tells_which_condition_failed()
    {
        (await cli.Type("flags", "create", "cli-explain")).Well();
        var file = cli.File("rule.json", """
            { "rules": [ { "id": "germans", "condition": { "attribute": "country", "operator": "equals", "values": ["DE"] }, "serve": { "variant": "on" } } ] }
            """);
        var set = await cli.Type("flags", "set", "cli-explain", "-f", file);
        set.Well();
        var told = (await cli.Type("evaluate", "cli-explain", "-u", "ann", "-a", "country=FR", "--explain")).Well().Out;
        told.ShouldContain("germans");
        told.ShouldContain("fails");
        told.ShouldContain("FR");
    }
}
