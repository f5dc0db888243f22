using System.IO.Compression;
using System.IO.Hashing;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Delivery.Exposures.Tests;

public sealed class IntakeTests(SharedLedger shared) : IClassFixture<SharedLedger>, IAsyncLifetime
{
    private readonly Ledger _ledger = shared.Ledger;
    private long _before;

    public async ValueTask InitializeAsync() => _before = await _ledger.HeadAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task what_is_sent_is_what_the_feed_gives()
    {
        var time = new DateTimeOffset(2026, 11, 23, 7, 17, 0, TimeSpan.FromHours(2)).AddTicks(1234560);
        var answer = await _ledger.TakenAsync(Exposures.Array(Exposures.Make(1, unit: "käthe \"x\" \\ 🦊", time: time)));

        answer.GetProperty("accepted").GetInt32().ShouldBe(1);
        answer.GetProperty("rejected").GetArrayLength().ShouldBe(0);
        answer.GetProperty("duplicate").GetBoolean().ShouldBeFalse();
        var row = (await _ledger.ReadAsync(_before, 1)).ShouldHaveSingleItem();
        row.ShouldSatisfyAllConditions(
            () => row.Position.ShouldBe(_before + 1),
            () => row.Id.ShouldBe(Exposures.Id(1)),
            () => row.Environment.ShouldBe("production"),
            () => row.Flag.ShouldBe("checkout"),
            () => row.Variant.ShouldBe("on"),
            () => row.Unit.ShouldBe("käthe \"x\" \\ 🦊"),
            () => row.UnitHash.ShouldBe(XxHash3.HashToUInt64(Encoding.UTF8.GetBytes("käthe \"x\" \\ 🦊"))),
            () => row.Reason.ShouldBe("SPLIT"),
            () => row.RuleId.ShouldBe("rule-1"),
            () => row.FlagVersion.ShouldBe(3),
            () => row.Sequence.ShouldBe(42),
            () => row.Time.ShouldBe(time));
        (await _ledger.ScalarAsync<string>($"SELECT attributes FROM exposures.exposures WHERE position > {_before}")).ShouldBe("{\"country\":\"DE\"}");
    }

    [Fact]
    public async Task ndjson_and_gzip_are_taken_like_an_array()
    {
        var lines = Encoding.UTF8.GetBytes(Exposures.Lines(Exposures.Many(1, 3)) + "\r\n\n");
        using var zipped = new MemoryStream();
        await using (var gzip = new GZipStream(zipped, CompressionLevel.Fastest, leaveOpen: true))
            await gzip.WriteAsync(lines, TestContext.Current.CancellationToken);

        var plain = await Ledger.Json(await _ledger.SendAsync(lines, type: "application/x-ndjson"));
        var inflated = await Ledger.Json(await _ledger.SendAsync(zipped.ToArray(), type: "application/x-ndjson", encoding: "gzip"));

        plain.GetProperty("accepted").GetInt32().ShouldBe(3);
        inflated.GetProperty("accepted").GetInt32().ShouldBe(3);
        (await _ledger.ReadAsync(_before, 6)).Select(r => r.Position - _before).ShouldBe([1, 2, 3, 4, 5, 6]);
    }

    [Fact]
    public async Task a_malformed_element_is_named_by_index_and_the_rest_is_taken()
    {
        var answer = await _ledger.TakenAsync(Exposures.Array(
            Exposures.Make(0),
            Exposures.Make(1).Without("flag"),
            Exposures.Make(2).With("id", "not-a-uuid"),
            JsonValue.Create(7),
            Exposures.Make(4).With("attributes", new JsonObject { ["deep"] = new JsonObject { ["x"] = new JsonArray(1, 2) } }),
            Exposures.Make(5).With("surprise", new JsonObject { ["a"] = 1 }),
            Exposures.Make(6)));

        answer.GetProperty("accepted").GetInt32().ShouldBe(3);
        answer.GetProperty("rejected").EnumerateArray().Select(r => (r.GetProperty("index").GetInt32(), r.GetProperty("field").GetString()))
            .ShouldBe([(1, "flag"), (2, "id"), (3, "$"), (5, "surprise")]);
        (await _ledger.ReadAsync(_before, 3)).Select(r => r.Id).ShouldBe([Exposures.Id(0), Exposures.Id(4), Exposures.Id(6)]);
    }

    [Fact]
    public async Task a_broken_line_does_not_take_the_others_with_it()
    {
        var lines = Exposures.Lines(Exposures.Make(0)) + "\n{\"id\": \n" + Exposures.Lines(Exposures.Make(2)) + " {}\n" + Exposures.Lines(Exposures.Make(3));

        var answer = await _ledger.TakenAsync(lines, type: "application/x-ndjson");

        answer.GetProperty("accepted").GetInt32().ShouldBe(2);
        answer.GetProperty("rejected").EnumerateArray().Select(r => r.GetProperty("index").GetInt32()).ShouldBe([1, 2]);
    }

    public static TheoryData<string, JsonNode?> BadMembers => new()
    {
        { "id", null }, { "id", "" }, { "id", 1 }, { "id", "01980d3a6f2e7c3b9a540c2f7d1e8b90" },
        { "flag", "" }, { "flag", 1 }, { "flag", new string('x', 201) }, { "variant", true }, { "variant", null },
        { "unit", "" }, { "unit", "a\0b" }, { "unit", new JsonArray() }, { "unit", new string('x', 501) }, { "unitKind", 3 },
        { "reason", null }, { "reason", "" }, { "ruleId", 1 }, { "flagVersion", -1 }, { "flagVersion", 1.5 }, { "flagVersion", "1" },
        { "sequence", null }, { "sequence", 1e30 }, { "attributes", "x" }, { "attributes", new JsonArray() },
        { "attributes", new JsonObject { ["x"] = new string('x', 20_000) } },
        { "time", "yesterday" }, { "time", "2026-11-23T07:17:00" }, { "time", 1764000000 }, { "time", "2026-13-23T07:17:00Z" },
    };

    [Theory]
    [MemberData(nameof(BadMembers))]
    public async Task a_bad_member_is_named_and_nothing_is_written(string member, JsonNode? value)
    {
        var answer = await _ledger.TakenAsync(Exposures.Array(Exposures.Make(1).With(member, value?.DeepClone())));

        answer.GetProperty("accepted").GetInt32().ShouldBe(0);
        answer.GetProperty("rejected").EnumerateArray().ShouldHaveSingleItem().GetProperty("field").GetString().ShouldBe(member);
        (await _ledger.RowsAfterAsync(_before)).ShouldBe(0);
    }

    [Theory]
    [InlineData("{\"id\":\"00000001-0001-0002-0304-05060708090a\",\"id\":\"00000001-0001-0002-0304-05060708090a\"}", "id")]
    [InlineData("{\"unit\":\"\\ud800\"}", "unit")]
    public async Task json_that_no_sender_should_write_is_named(string element, string field)
    {
        var answer = await _ledger.TakenAsync($"[{element}]");

        answer.GetProperty("rejected")[0].GetProperty("field").GetString().ShouldBe(field);
    }

    [Theory]
    [InlineData("", "application/json", null, 400)]
    [InlineData("{}", "application/json", null, 400)]
    [InlineData("[{}", "application/json", null, 400)]
    [InlineData("[] []", "application/json", null, 400)]
    [InlineData("[]", "text/plain", null, 415)]
    [InlineData("[]", "application/json", "br", 415)]
    [InlineData("not gzip", "application/json", "gzip", 400)]
    public async Task a_body_that_can_not_be_read_gets_a_problem_and_changes_nothing(string body, string type, string? encoding, int status)
    {
        var response = await _ledger.SendAsync(Encoding.UTF8.GetBytes(body), type: type, encoding: encoding);

        ((int)response.StatusCode).ShouldBe(status);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        (await _ledger.RowsAfterAsync(_before)).ShouldBe(0);
    }

    [Fact]
    public async Task a_body_that_inflates_beyond_8_MB_is_refused()
    {
        using var bomb = new MemoryStream();
        await using (var gzip = new GZipStream(bomb, CompressionLevel.SmallestSize, leaveOpen: true))
            await gzip.WriteAsync(new byte[9 * 1024 * 1024], TestContext.Current.CancellationToken);

        var zipped = await _ledger.SendAsync(bomb.ToArray(), encoding: "gzip");
        var plain = await _ledger.SendAsync(new byte[9 * 1024 * 1024]);

        zipped.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        plain.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
    }

    [Theory]
    [InlineData(null, 1L, "X-Source")]
    [InlineData("s", -1L, "X-Batch")]
    public async Task a_batch_number_counts_the_batches_of_a_source(string? source, long batch, string field)
    {
        var response = await _ledger.SendAsync("[]", source, batch);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain(field);
    }

    [Fact]
    public async Task a_repeated_batch_changes_nothing_and_gets_the_first_answer()
    {
        var body = Exposures.Array([.. Exposures.Many(1, 5), JsonValue.Create(1)!]);
        await _ledger.TakenAsync(body, "instance-1", 1);

        var again = await _ledger.TakenAsync(body, "instance-1", 1);

        again.GetProperty("duplicate").GetBoolean().ShouldBeTrue();
        again.GetProperty("accepted").GetInt32().ShouldBe(5);
        again.GetProperty("rejected")[0].GetProperty("index").GetInt32().ShouldBe(5);
        (await _ledger.RowsAfterAsync(_before)).ShouldBe(5);
        await _ledger.TakenAsync(body, "instance-2", 1);
        (await _ledger.RowsAfterAsync(_before)).ShouldBe(10);
    }

    [Fact]
    public async Task a_batch_sent_twice_at_once_is_written_once()
    {
        var body = Exposures.Array(Exposures.Many(1, 50));

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => _ledger.TakenAsync(body, "instance-1", 7)));

        answers.Count(a => !a.GetProperty("duplicate").GetBoolean()).ShouldBe(1);
        answers.ShouldAllBe(a => a.GetProperty("accepted").GetInt32() == 50);
        (await _ledger.RowsAfterAsync(_before)).ShouldBe(50);
    }

    [Fact]
    public async Task a_batch_number_used_for_other_content_is_refused()
    {
        await _ledger.TakenAsync(Exposures.Array(Exposures.Make(1)), "instance-3", 1);

        var other = await _ledger.SendAsync(Exposures.Array(Exposures.Make(2)), "instance-3", 1);

        other.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await _ledger.RowsAfterAsync(_before)).ShouldBe(1);
    }

    [Fact]
    public async Task late_and_future_times_are_flagged_and_kept()
    {
        var now = TimeProvider.System.GetUtcNow();
        await _ledger.TakenAsync(Exposures.Array(
            Exposures.Make(1, time: now), Exposures.Make(2, time: now.AddDays(-2)), Exposures.Make(3, time: now.AddHours(1))));

        (await _ledger.ScalarAsync<string>($"SELECT string_agg(timing::text, ',' ORDER BY position) FROM exposures.recorded_exposures WHERE position > {_before}")).ShouldBe("0,1,2");
    }

    [Fact]
    public async Task without_a_key_nothing_is_taken()
    {
        using var anonymous = new HttpRequestMessage(HttpMethod.Post, "/sdk/v1/exposures") { Content = new StringContent("[]") };
        anonymous.Headers.Add("Authorization", "Bearer nonsense");

        var response = await _ledger.Http.SendAsync(anonymous, TestContext.Current.CancellationToken);

        response.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }
}
