using Delivery.Testing.Node;

namespace Delivery.Targeting.Tests.Peers;

public sealed class NodePackagesTests
{
    [Fact]
    public async Task a_script_runs_with_the_packages_and_answers_line_by_line()
    {
        await using var versions = await NodeScript.StartOrSkipAsync("versions.mjs");

        var answers = await versions.AskAllAsync(
            new[] { new { name = "@growthbook/growthbook" }, new { name = "@openfeature/flagd-core" }, new { name = "not-there" } },
            TestContext.Current.CancellationToken);

        answers[0].Text("version").ShouldBe("1.8.0");
        answers[1].Text("version").ShouldBe("4.0.1");
        answers[2].Text("error").ShouldNotBeNull().ShouldContain("not-there");
    }

    [Fact]
    public async Task a_script_that_is_not_there_says_so()
    {
        await NodePackages.SkipWhenMissingAsync();
        await using var script = NodeScript.Start("no-such-script.mjs");

        var failure = await Should.ThrowAsync<Exception>(() => script.AskAsync(new { }, TestContext.Current.CancellationToken));

        failure.Message.ShouldNotBeEmpty();
    }
}
