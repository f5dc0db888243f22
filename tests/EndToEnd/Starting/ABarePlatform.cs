using System.Net;
using System.Text.Json;
using Delivery.EndToEnd.Tests.Platform;
using Npgsql;

namespace Delivery.EndToEnd.Tests.Starting;

public sealed class ABarePlatform(TwoPlatforms platforms) : IClassFixture<TwoPlatforms>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task demo_false_starts_the_bare_platform()
    {
        platforms.Temporary.State.Resources.Keys.ShouldBe(["server"]);
        (await platforms.Temporary.Api.ListAsync<Release>("/api/v1/rollouts", Cancel)).ShouldBeEmpty();
        (await platforms.Temporary.Api.ListAsync<JsonElement>("/api/v1/teams", Cancel)).ShouldBeEmpty();
    }

    [Fact]
    public async Task the_state_file_is_for_its_owner_only_and_says_where_everything_is()
    {
        var platform = platforms.Temporary;
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(platform.StateFile).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var state = JsonElement.Parse(await File.ReadAllTextAsync(platform.StateFile, Cancel));
        state.EnumerateObject().Select(member => member.Name).ShouldBe(["resources", "connectionStrings", "adminKey"], ignoreOrder: true);
        state.GetProperty("adminKey").GetString().ShouldNotBeNull().ShouldStartWith("dlv_admin_");

        await using var database = NpgsqlDataSource.Create(state.GetProperty("connectionStrings").GetProperty("delivery").GetString()!);
        await using var command = database.CreateCommand("SELECT current_database()");
        (await command.ExecuteScalarAsync(Cancel)).ShouldBe("delivery");
        using var server = new Api(new Uri(state.GetProperty("resources").GetProperty("server").GetProperty("url").GetString()!), key: null);
        (await server.StatusAsync(HttpMethod.Get, "/health", body: null, Cancel)).ShouldBe(HttpStatusCode.OK);
        (await server.StatusAsync(HttpMethod.Get, "/api/v1/flags", body: null, Cancel)).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task two_platforms_run_side_by_side()
    {
        var (one, other) = (platforms.Keeping, platforms.Temporary);
        one.ServerUrl.ShouldNotBe(other.ServerUrl);
        one.State.ConnectionStrings["delivery"].ShouldNotBe(other.State.ConnectionStrings["delivery"]);

        await CreateFlagAsync(one, "only-in-one");
        (await other.Api.StatusAsync(HttpMethod.Get, "/api/v1/flags/only-in-one", body: null, Cancel)).ShouldBe(HttpStatusCode.NotFound);
        using var stranger = new Api(other.ServerUrl, one.State.AdminKey);
        (await stranger.StatusAsync(HttpMethod.Get, "/api/v1/flags", body: null, Cancel)).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task a_second_start_keeps_the_data_and_ends_the_first_ones_key()
    {
        var first = platforms.Keeping;
        await CreateFlagAsync(first, "kept");
        var story = await first.Api.ListAsync<RecordedEvent>("/api/v1/events?limit=1000", Cancel);

        await platforms.StartAgainAsync(Cancel);

        File.Exists(first.StateFile).ShouldBeFalse("a stopped platform has no address");
        var second = platforms.Keeping;
        var kept = await second.Api.ListAsync<RecordedEvent>("/api/v1/events?limit=1000", Cancel);
        kept.Take(story.Count).Select(Told).ShouldBe(story.Select(Told));
        (await second.Api.StatusAsync(HttpMethod.Get, "/api/v1/flags/kept", body: null, Cancel)).ShouldBe(HttpStatusCode.OK);
        using var earlier = new Api(second.ServerUrl, first.State.AdminKey);
        (await earlier.StatusAsync(HttpMethod.Get, "/api/v1/flags", body: null, Cancel)).ShouldBe(HttpStatusCode.Unauthorized);
    }

    private static object Told(RecordedEvent e) => (e.Sequence, e.Time, e.Kind, e.Key, e.Version, e.Type, e.Actor, e.Comment, e.CorrelationId);

    private static Task<JsonElement> CreateFlagAsync(RunningPlatform platform, string key) =>
        platform.Api.SendAsync(HttpMethod.Post, "/api/v1/flags", new { key, type = "boolean" }, Cancel);
}
