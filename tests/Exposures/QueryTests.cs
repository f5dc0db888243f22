using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Parquet;
using Parquet.Schema;

namespace Delivery.Exposures.Tests;

public sealed class QueryTests(SharedLedger shared) : IClassFixture<SharedLedger>
{
    private static readonly DateTimeOffset Start = new(2020, 11, 23, 7, 0, 0, TimeSpan.Zero);
    private readonly Ledger _ledger = shared.Ledger;

    [Fact]
    public async Task who_was_exposed_is_answered_by_flag_variant_reason_and_time_page_by_page()
    {
        await _ledger.TakenAsync(Exposures.Array(Enumerable.Range(0, 10).Select(n =>
            Exposures.Make(1000 + n, "listed", n % 2 == 0 ? "on" : "off", time: Start.AddMinutes(n)))));

        var page = await _ledger.GetAsync("/api/v1/exposures?flag=listed&variant=on&from=2020-11-23T07:02:00Z&to=2020-11-23T07:08:00Z&limit=2");
        var rest = await _ledger.GetAsync($"/api/v1/exposures?flag=listed&variant=on&from=2020-11-23T07:02:00Z&to=2020-11-23T07:08:00Z&limit=2&after={page.GetProperty("next")}");

        Units(page).ShouldBe(["user-1002", "user-1004"]);
        Units(rest).ShouldBe(["user-1006"]);
        rest.TryGetProperty("next", out _).ShouldBeFalse();
        var first = page.GetProperty("items")[0];
        first.GetProperty("attributes").GetProperty("country").GetString().ShouldBe("DE");
        first.GetProperty("timing").GetString().ShouldBe("late");
        Units(await _ledger.GetAsync("/api/v1/exposures?flag=listed&reason=DEFAULT")).ShouldBeEmpty();
        Units(await _ledger.GetAsync("/api/v1/exposures?flag=listed&environment=staging")).ShouldBeEmpty();
    }

    [Fact]
    public async Task a_unit_has_a_history()
    {
        await _ledger.TakenAsync(Exposures.Array(
            Exposures.Make(2000, "first", unit: "kä the/1"), Exposures.Make(2001, "second", unit: "kä the/1"), Exposures.Make(2002, "first", unit: "other")));

        var history = await _ledger.GetAsync($"/api/v1/units/{Uri.EscapeDataString("kä the/1")}/exposures");

        history.GetProperty("items").EnumerateArray().Select(e => e.GetProperty("flag").GetString()).ShouldBe(["first", "second"]);
    }

    [Fact]
    public async Task a_repeated_id_changes_no_answer()
    {
        var exposures = Enumerable.Range(0, 5).Select(n => Exposures.Make(3000 + n, "repeated", time: Start)).ToList();
        await _ledger.TakenAsync(Exposures.Array(exposures));
        var before = await AnswersAsync("repeated");

        await _ledger.TakenAsync(Exposures.Array(exposures.Select(e => e.DeepClone())));
        await _ledger.TakenAsync(Exposures.Lines(exposures.Take(2).Select(e => e.DeepClone())), type: "application/x-ndjson");

        (await AnswersAsync("repeated")).ShouldBe(before);
    }

    [Fact]
    public async Task counts_are_grouped_as_asked()
    {
        await _ledger.TakenAsync(Exposures.Array(Enumerable.Range(0, 12).Select(n =>
            Exposures.Make(4000 + n, "counted", n % 3 == 0 ? "on" : "off", unit: $"u{n % 4}", time: Start.AddSeconds(n * 20)))));

        var counts = await _ledger.GetAsync("/api/v1/exposures/counts?flag=counted&by=variant,minute");

        counts.GetProperty("items").EnumerateArray().Select(c => (
                c.GetProperty("by").GetProperty("variant").GetString(), c.GetProperty("by").GetProperty("minute").GetDateTimeOffset().Minute,
                c.GetProperty("exposures").GetInt64(), c.GetProperty("units").GetInt64()))
            .ShouldBe([("off", 0, 2, 2), ("off", 1, 2, 2), ("off", 2, 2, 2), ("off", 3, 2, 2), ("on", 0, 1, 1), ("on", 1, 1, 1), ("on", 2, 1, 1), ("on", 3, 1, 1)]);
    }

    [Fact]
    public async Task counts_tell_shares_and_rates()
    {
        await _ledger.TakenAsync(Exposures.Array(Enumerable.Range(0, 8).Select(n => Exposures.Make(4500 + n, "rated", n < 6 ? "on" : "off", time: Start.AddMinutes(n)))));

        var overall = (await _ledger.GetAsync("/api/v1/exposures/counts?flag=rated&by=variant&from=2020-11-23T07:00:00Z&to=2020-11-23T09:00:00Z")).GetProperty("items");
        var byDay = (await _ledger.GetAsync("/api/v1/exposures/counts?flag=rated&by=day")).GetProperty("items")[0];
        var open = (await _ledger.GetAsync("/api/v1/exposures/counts?flag=rated")).GetProperty("items")[0];

        overall.EnumerateArray().Select(c => (c.GetProperty("by").GetProperty("variant").GetString(), c.GetProperty("share").GetDouble(), c.GetProperty("perHour").GetDouble()))
            .ShouldBe([("off", 0.25, 1), ("on", 0.75, 3)]);
        byDay.GetProperty("perHour").GetDouble().ShouldBe(8 / 24d);
        open.TryGetProperty("perHour", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task an_export_in_parquet_holds_what_the_page_shows()
    {
        await _ledger.TakenAsync(Exposures.Array(Enumerable.Range(0, 30).Select(n =>
            Exposures.Make(4700 + n, "columns", n % 2 == 0 ? "on" : "off", time: Start.AddMinutes(n)).With("ruleId", n % 3 == 0 ? null : "r"))));
        var shown = (await _ledger.GetAsync("/api/v1/exposures?flag=columns")).GetProperty("items").EnumerateArray().ToList();

        var all = await ParquetAsync("/api/v1/exposures?flag=columns");
        var none = await ParquetAsync("/api/v1/exposures?flag=columns&variant=neither");

        all["position"].Cast<long>().ShouldBe(shown.Select(e => e.GetProperty("position").GetInt64()));
        all["id"].Cast<Guid>().ShouldBe(shown.Select(e => e.GetProperty("id").GetGuid()));
        all["unit"].Cast<string>().ShouldBe(shown.Select(e => e.GetProperty("unit").GetString()));
        all["ruleId"].Cast<string?>().ShouldBe(shown.Select(e => e.TryGetProperty("ruleId", out var rule) ? rule.GetString() : null));
        all["time"].Cast<DateTime>().ShouldBe(shown.Select(e => e.GetProperty("time").GetDateTimeOffset().UtcDateTime));
        all["attributes"].Cast<string?>().ShouldAllBe(attributes => attributes == "{\"country\":\"DE\"}");
        none.Keys.ShouldBe(all.Keys);
        none.Values.ShouldAllBe(column => column.Count == 0);
    }

    private async Task<Dictionary<string, List<object?>>> ParquetAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "Accept", "application/vnd.apache.parquet" } } };
        var response = await _ledger.Http.SendAsync(request, TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/vnd.apache.parquet");
        await using var reader = await ParquetReader.CreateAsync(
            new MemoryStream(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)), cancellationToken: TestContext.Current.CancellationToken);
        var columns = reader.Schema.DataFields.ToDictionary(field => field.Name, _ => new List<object?>());
        for (var i = 0; i < reader.RowGroupCount; i++)
        {
            using var group = reader.OpenRowGroupReader(i);
            foreach (var field in reader.Schema.DataFields)
                columns[field.Name].AddRange(await ReadAsync(group, field));
        }

        return columns;
    }

    private static async Task<IEnumerable<object?>> ReadAsync(ParquetRowGroupReader group, DataField field)
    {
        var rows = (int)group.RowCount;
        return field.Name switch
        {
            "position" or "flagVersion" or "sequence" => await ValuesAsync<long>(),
            "id" => await ValuesAsync<Guid>(),
            "time" or "receivedAt" => await ValuesAsync<DateTime>(),
            _ => await TextAsync(),
        };

        async Task<IEnumerable<object?>> ValuesAsync<T>()
            where T : struct
        {
            var values = new T[rows];
            await group.ReadAsync<T>(field, values.AsMemory(), cancellationToken: TestContext.Current.CancellationToken);
            return values.Cast<object?>();
        }

        async Task<IEnumerable<object?>> TextAsync()
        {
            var values = new string?[rows];
            await group.ReadAsync(field, values.AsMemory(), cancellationToken: TestContext.Current.CancellationToken);
            return values;
        }
    }

    [Fact]
    public async Task first_exposures_and_crossovers_are_told_by_unit()
    {
        await _ledger.TakenAsync(Exposures.Array(
            Exposures.Make(5000, "crossed", "on", "a", Start.AddMinutes(2)), Exposures.Make(5001, "crossed", "off", "a", Start.AddMinutes(1)),
            Exposures.Make(5002, "crossed", "on", "b", Start.AddMinutes(3))));

        var units = (await _ledger.GetAsync("/api/v1/exposures/units?flag=crossed")).GetProperty("items");
        var crossed = (await _ledger.GetAsync("/api/v1/exposures/crossovers?flag=crossed")).GetProperty("items");

        units.EnumerateArray().Select(u => (u.GetProperty("unit").GetString(), u.GetProperty("firstVariant").GetString())).ShouldBe([("a", "off"), ("b", "on")]);
        crossed.EnumerateArray().ShouldHaveSingleItem().GetProperty("variants").EnumerateArray().Select(v => v.GetString()).ShouldBe(["off", "on"]);
    }

    [Fact]
    public async Task all_of_it_is_exported_as_lines_or_csv()
    {
        await _ledger.TakenAsync(Exposures.Array(
            Exposures.Make(6000, "exported", unit: "=1+1", time: Start), Exposures.Make(6001, "exported", unit: "a,\"b\"", time: Start)));

        var lines = await AcceptedAsync("application/x-ndjson", "/api/v1/exposures?flag=exported&limit=1");
        var csv = await AcceptedAsync("text/csv", "/api/v1/exposures?flag=exported");

        lines.TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement.GetProperty("unit").GetString()).ShouldBe(["=1+1", "a,\"b\""]);
        csv.ShouldContain(",'=1+1,");
        csv.ShouldContain(",\"a,\"\"b\"\"\",");
        csv.TrimEnd().Split("\r\n").Length.ShouldBe(3);
    }

    [Theory]
    [InlineData("/api/v1/exposures?limit=0", "limit")]
    [InlineData("/api/v1/exposures?after=-1", "after")]
    [InlineData("/api/v1/exposures?from=yesterday", "from")]
    [InlineData("/api/v1/exposures?flagg=x", "flagg")]
    [InlineData("/api/v1/exposures?version=x", "version")]
    [InlineData("/api/v1/exposures/counts?by=colour", "by")]
    [InlineData("/api/v1/exposures/counts?by=variant,variant", "by")]
    [InlineData("/api/v1/exposures/units", "flag")]
    [InlineData("/api/v1/ledger/verify?from=x", "from")]
    [InlineData("/api/v1/ledger/verify?head=1", "head")]
    public async Task a_bad_question_gets_a_problem_that_names_the_parameter(string path, string field)
    {
        var response = await _ledger.Http.GetAsync(path, TestContext.Current.CancellationToken);

        ((int)response.StatusCode).ShouldBe(400);
        var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        problem.RootElement.GetProperty("errors").EnumerateObject().ShouldHaveSingleItem().Name.ShouldBe(field);
    }

    /// <summary>Units meet variants at the same second, too, so that no answer may hang on which came in first.</summary>
    [Fact]
    public async Task any_order_repetition_and_batching_of_the_same_exposures_gives_the_same_answers()
    {
        var (run, repeated) = (0, 0);
        await Gen.Select(Gen.Int[1, 40], Gen.Int[1, 9], Gen.Int[0, 1_000_000]).SampleAsync(async (count, largest, seed) =>
        {
            var number = Interlocked.Increment(ref run);
            var exposures = Enumerable.Range(0, count)
                .Select(n => Exposures.Make(10_000 + number * 100 + n, "", n % 3 == 0 ? "on" : "off", $"u{n % 7}", Start.AddSeconds(n / 9)).With("ruleId", n % 5 == 0 ? null : $"rule-{n % 2}"))
                .ToList();
            await _ledger.TakenAsync(Exposures.Array(exposures.Select(e => e.DeepClone().AsObject().With("flag", $"plain-{number}"))));

            var random = new Random(seed);
            var mixed = exposures.Concat(exposures.Take(random.Next(count + 1))).OrderBy(_ => random.Next())
                .Select(e => e.DeepClone().AsObject().With("flag", $"mixed-{number}").With("id", Exposures.Id(50_000 + Number(e)).ToString())).ToList();
            repeated += mixed.Count - count;
            for (var (at, batch) = (0, 1); at < mixed.Count; batch++)
            {
                var part = Exposures.Array(mixed.Skip(at).Take(random.Next(1, largest + 1)));
                at += JsonDocument.Parse(part).RootElement.GetArrayLength();
                for (var times = random.Next(1, 3); times > 0; times--)
                    await _ledger.TakenAsync(part, $"mixed-{number}", batch);
            }

            (await AnswersAsync($"mixed-{number}")).ShouldBe(await AnswersAsync($"plain-{number}"));
        }, iter: 12, threads: 1);
        repeated.ShouldBeGreaterThan(0);
    }

    /// <summary>The number an exposure's fixed id was made from.</summary>
    private static int Number(JsonObject exposure) => BitConverter.ToInt32(Guid.Parse(exposure["id"]!.GetValue<string>()).ToByteArray());

    private static IEnumerable<string?> Units(JsonElement page) => page.GetProperty("items").EnumerateArray().Select(e => e.GetProperty("unit").GetString());

    /// <summary>What the questions about a flag answer, without what differs by place in the ledger.</summary>
    private async Task<string> AnswersAsync(string flag)
    {
        var counts = await _ledger.GetAsync($"/api/v1/exposures/counts?flag={flag}&by=variant,reason,minute");
        var units = await _ledger.GetAsync($"/api/v1/exposures/units?flag={flag}&limit=1000");
        var crossovers = await _ledger.GetAsync($"/api/v1/exposures/crossovers?flag={flag}&limit=1000");
        var rates = await _ledger.GetAsync($"/api/v1/exposures/counts?flag={flag}&by=rule,version,timing&from={Start:O}&to={Start.AddHours(1):O}".Replace("+", "%2B", StringComparison.Ordinal));
        var exposed = new List<string>();
        for (long? after = 0; after is not null;)
        {
            var page = await _ledger.GetAsync($"/api/v1/exposures?flag={flag}&limit=7&after={after}");
            exposed.AddRange(Shown(page));
            after = page.TryGetProperty("next", out var next) ? next.GetInt64() : null;
        }

        var histories = new List<string>();
        for (var unit = 0; unit < 7; unit++)
            histories.AddRange(Shown(await _ledger.GetAsync($"/api/v1/units/u{unit}/exposures?flag={flag}&limit=1000")));
        return $"{counts} {units} {crossovers} {rates} {string.Join('\n', exposed.Order(StringComparer.Ordinal))} {string.Join('\n', histories.Order(StringComparer.Ordinal))}";
    }

    private static IEnumerable<string> Shown(JsonElement page) => page.GetProperty("items").EnumerateArray()
        .Select(e => $"{e.GetProperty("unit")} {e.GetProperty("variant")} {e.GetProperty("time")} {(e.TryGetProperty("ruleId", out var rule) ? rule : "")}");

    private async Task<string> AcceptedAsync(string type, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.ParseAdd(type);
        var response = await _ledger.Http.SendAsync(request, TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }
}
