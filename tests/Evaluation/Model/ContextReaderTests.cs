using System.Text;
using System.Text.Json;

namespace Delivery.Evaluation.Tests.Model;

/// <summary>A context read straight from the wire is the one read by way of a document.</summary>
public sealed class ContextReaderTests
{
    [Theory]
    [InlineData("{}")]
    [InlineData("""{ "targetingKey": "u1" }""")]
    [InlineData("""{ "targetingKey": null, "a": null }""")]
    [InlineData("""{ "a": 1, "a": 2, "a": "three" }""")]
    [InlineData("""{ "n": -7, "d": 1.5, "e": 1e3, "big": 9007199254740993, "huge": 123456789012345678901234567890, "minus": -123456789012345678901234567890, "far": 1e300 }""")]
    [InlineData("""{ "t": true, "f": false, "list": [1, "two", [3], { "four": 5 }, null, []], "object": { "deep": { "deeper": "x" } } }""")]
    [InlineData("""{ "escaped \u00e9 \"name\"": "escaped \u00e9 \"text\"", "ünï": "用户", "": "no name" }""")]
    [InlineData("""{ "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10 }""")]
    public void both_ways_give_the_same(string json)
    {
        using var document = JsonDocument.Parse(json);
        var expected = EvaluationContext.FromJson(document.RootElement, 3, DateTimeOffset.UnixEpoch);
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json));
        reader.Read();

        var read = EvaluationContext.Read(ref reader, 3, DateTimeOffset.UnixEpoch);

        reader.TokenType.ShouldBe(JsonTokenType.EndObject);
        reader.Read().ShouldBeFalse();
        read.TargetingKey.ShouldBe(expected.TargetingKey);
        read.RandomSeed.ShouldBe(3UL);
        read.Time.ShouldBe(DateTimeOffset.UnixEpoch);
        read.AttributeNames.ToArray().ShouldBe(expected.AttributeNames.ToArray());
        foreach (var name in expected.AttributeNames)
        {
            read.TryGet(name, out var one);
            expected.TryGet(name, out var other);
            one.Kind.ShouldBe(other.Kind);
            one.ExactDigits.ShouldBe(other.ExactDigits);
            one.ToString().ShouldBe(other.ToString());
        }
    }

    [Fact]
    public void a_unit_that_is_no_text_is_refused_as_the_other_way_refuses_it()
    {
        static void Read()
        {
            var reader = new Utf8JsonReader("""{ "targetingKey": 7 }"""u8);
            reader.Read();
            EvaluationContext.Read(ref reader);
        }

        Should.Throw<FormatException>(Read).Message.ShouldBe("context.targetingKey is a string.");
    }
}
