using System.Text.Json;
using Delivery.Contracts.Http;
using Delivery.Evaluation;
using Delivery.Targeting.Import;

namespace Delivery.Targeting.Tests.Import;

/// <summary>What becomes of a flagd document; that it decides alike is <c>Peers/FlagdDifferential</c>.</summary>
public sealed class FlagdImport
{
    [Fact]
    public void a_flag_without_a_default_variant_is_left_out_and_said_so()
    {
        var translation = Translate("""{ "flags": { "f": { "state": "ENABLED", "variants": { "on": true }, "defaultVariant": null } } }""");

        translation.Flags.ShouldBeEmpty();
        translation.Unsupported.Single().Path.ShouldBe("flags.f.defaultVariant");
    }

    [Fact]
    public void targeting_that_fails_for_everyone_leaves_the_flag_out_and_says_why()
    {
        var translation = Translate(Flag("""{ "if": [ { "frobnicate": [ 1 ] }, "on" ] }"""));

        translation.Flags.ShouldBeEmpty();
        translation.Unsupported.Single().Message.ShouldContain("frobnicate");
    }

    [Fact]
    public void metadata_is_named_and_the_flag_imported()
    {
        var translation = Translate("""{ "flags": { "f": { "state": "DISABLED", "variants": { "on": true }, "defaultVariant": "on", "metadata": { "team": "a" } } } }""");

        translation.Flags.Single().Configuration.Enabled.ShouldBeFalse();
        translation.Unsupported.Single().Path.ShouldBe("flags.f.metadata");
        translation.Translated.Single().Path.ShouldBe("flags.f.state");
    }

    [Fact]
    public void references_that_multiply_are_refused_before_they_fill_the_memory()
    {
        var evaluators = string.Join(',', Enumerable.Range(0, 40).Select(i => $$"""
            "e{{i:00}}": { "and": [ { "$ref": "e{{i + 1:00}}" }, { "$ref": "e{{i + 1:00}}" } ] }
            """));
        var translation = Translate(Flag("""{ "if": [ { "$ref": "e00" }, "on" ] }""", evaluators));

        translation.Flags.ShouldBeEmpty();
        translation.Unsupported.Single().Message.ShouldContain("50000");
    }

    [Fact]
    public void an_expression_that_would_visit_too_many_elements_is_an_error_and_no_hang()
    {
        var translation = Translate(Flag("""{ "if": [ { "some": [ { "var": "a" }, { "all": [ [1,2,3,4,5,6,7,8,9,10], { "all": [ [1,2,3,4,5,6,7,8,9,10], { "!!": [ false ] } ] } ] } ] }, "on", "off" ] }"""));
        var endless = Evaluate(translation, JsonSerializer.SerializeToElement(new { a = Enumerable.Range(0, 200_000) }));

        endless.Reason.ShouldBe(EvaluationReason.Error);
        endless.ErrorDetails.ShouldNotBeNull().ShouldContain("100000");
    }

    [Fact]
    public void a_text_that_would_double_for_ever_is_an_error()
    {
        var translation = Translate(Flag("""{ "reduce": [ { "var": "a" }, { "cat": [ { "var": "accumulator" }, { "var": "accumulator" } ] }, "x" ] }"""));

        Evaluate(translation, JsonSerializer.SerializeToElement(new { a = Enumerable.Range(0, 60) })).Reason.ShouldBe(EvaluationReason.Error);
    }

    [Fact]
    public void a_fractional_split_allocates_nothing()
    {
        var translation = Translate(Flag("""{ "if": [ { "==": [ { "var": "plan" }, "pro" ] }, { "fractional": [ [ "on", 50 ], [ "off", 50 ] ] }, "off" ] }"""));
        var snapshot = Snapshot.Compile(new Ruleset { Flags = [.. translation.Flags.Select(Importing.Definition)] });
        var context = EvaluationContext.For("user-1").With("plan", "pro").Build();
        var served = 0;
        for (var i = 0; i < 100; i++)
            served += snapshot.Evaluate("f", context).AsBoolean(false) ? 1 : 0;

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
            served += snapshot.Evaluate("f", context).AsBoolean(false) ? 1 : 0;

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
        served.ShouldBeOneOf(0, 1_100);
    }

    [Theory]
    [InlineData("""[]""", "flags")]
    [InlineData("""{ "flags": { "f": 1 } }""", "flags.f.variants")]
    [InlineData("""{ "flags": { "f": { "variants": {}, "state": "on" } } }""", "flags.f.state")]
    [InlineData("""{ "flags": { "f": { "variants": {}, "state": "ENABLED", "defaultVariant": "on" } } }""", "flags.f.defaultVariant")]
    public void what_is_no_flagd_document_is_refused_with_the_place(string document, string place) =>
        Should.Throw<InvalidRequest>(() => Translate(document)).Errors.Single().Field.ShouldBe(place);

    private static string Flag(string targeting, string evaluators = "") => $$"""
        { "flags": { "f": { "state": "ENABLED", "variants": { "on": true, "off": false }, "defaultVariant": "off", "targeting": {{targeting}} } }, "$evaluators": { {{evaluators}} } }
        """;

    private static Translation Translate(string document) => Flagd.Translate(JsonElement.Parse(document));

    private static EvaluationResult Evaluate(Translation translation, JsonElement context) =>
        Snapshot.Compile(new Ruleset { Flags = [.. translation.Flags.Select(Importing.Definition)] }).Evaluate("f", EvaluationContext.FromJson(context));
}
