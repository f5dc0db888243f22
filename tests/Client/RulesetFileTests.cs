using Delivery.Evaluation;
using static Delivery.Client.Tests.Scenario;

namespace Delivery.Client.Tests;

public sealed class RulesetFileTests : IDisposable
{
    private static readonly EvaluationContext User = new("user-1");
    private readonly string _folder = Directory.CreateTempSubdirectory("delivery-client-").FullName;

    private string File => Path.Combine(_folder, "below", "ruleset.json");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task a_start_without_the_server_evaluates_the_last_known_ruleset_and_says_it_is_stale()
    {
        await KeepAsync(Ruleset(5, Boolean()));
        await using var scenario = Offline();
        await scenario.Client.StartAsync(Cancel);
        var details = scenario.Client.EvaluateBooleanDetails("new-checkout", User, false);
        details.Value.ShouldBeTrue();
        details.Stale.ShouldBeTrue();
        scenario.Client.Status.ShouldBe(new ClientStatus(RulesetOrigin.Disk, "production", 5, Connected: false, null));
        scenario.Log.Warnings.ShouldContain(text => text.Contains("which may be stale", StringComparison.Ordinal));
    }

    [Fact]
    public async Task changes_that_came_by_the_stream_are_kept_too()
    {
        await using (var scenario = Online())
        {
            var stream = await scenario.StartAsync(Ruleset(5, Boolean()));
            await stream.SendAsync(6, Boolean(killed: true, version: 2, sequence: 6));
            await scenario.UntilAsync(() => scenario.Client.Status.Sequence == 6);
        }

        await using var later = Offline();
        await later.Client.StartAsync(Cancel);
        later.Client.EvaluateBooleanDetails("new-checkout", User, true).ShouldSatisfyAllConditions(
            details => details.Value.ShouldBeFalse(), details => details.Sequence.ShouldBe(6));
    }

    [Theory]
    [InlineData("flipped")]
    [InlineData("cut")]
    [InlineData("empty")]
    [InlineData("foreign")]
    public async Task a_damaged_file_is_ignored_with_a_warning(string damage)
    {
        await KeepAsync(Ruleset(5, Boolean()));
        var content = await System.IO.File.ReadAllBytesAsync(File, Cancel);
        content[^20] ^= damage == "flipped" ? (byte)1 : (byte)0;
        byte[] damaged = damage switch
        {
            "cut" => content[..^1],
            "empty" => [],
            "foreign" => "{}"u8.ToArray(),
            _ => content,
        };
        await System.IO.File.WriteAllBytesAsync(File, damaged, Cancel);
        await using var scenario = Offline();
        await scenario.Client.StartAsync(Cancel);
        scenario.Client.Status.Origin.ShouldBe(RulesetOrigin.None);
        scenario.Log.Warnings.ShouldContain(text => text.Contains("is damaged", StringComparison.Ordinal));
    }

    [Fact]
    public async Task a_file_that_can_not_be_written_is_a_warning_and_evaluation_goes_on()
    {
        await System.IO.File.WriteAllTextAsync(Path.Combine(_folder, "below"), "a file where the folder should be", Cancel);
        await using var scenario = Online();
        await scenario.StartAsync(Ruleset(5, Boolean()));
        await scenario.UntilAsync(() => scenario.Log.Warnings.Any(text => text.Contains("can't be written", StringComparison.Ordinal)));
        scenario.Client.EvaluateBoolean("new-checkout", User, false).ShouldBeTrue();
    }

    [Fact]
    public async Task a_ruleset_from_disk_gives_way_to_a_server_whose_sequences_are_lower()
    {
        await KeepAsync(Ruleset(5_000, Boolean()));
        await using var scenario = Online();
        await scenario.StartAsync(Ruleset(3, Boolean(killed: true, sequence: 3)));
        scenario.Client.Status.Sequence.ShouldBe(3);
        scenario.Client.EvaluateBoolean("new-checkout", User, true).ShouldBeFalse();
    }

    [Fact]
    public async Task only_the_owner_may_read_the_file()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no Unix file modes.");
        await KeepAsync(Ruleset(5, Boolean()));
        if (!OperatingSystem.IsWindows())
            System.IO.File.GetUnixFileMode(File).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Directory.GetFiles(Path.GetDirectoryName(File)!).ShouldBe([File]);
    }

    private async Task KeepAsync(Ruleset ruleset)
    {
        await using var scenario = Online();
        await scenario.StartAsync(ruleset);
    }

    private Scenario Online() => new(options =>
    {
        options.KeepRulesetOnDisk = true;
        options.RulesetFile = File;
    });

    private Scenario Offline()
    {
        var scenario = Online();
        scenario.Server.Down = true;
        return scenario;
    }
}
