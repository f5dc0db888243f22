using System.Globalization;
using System.Text.Json.Nodes;

namespace Delivery.Targeting.Tests.Peers;

/// <summary>
/// Random flagd documents and contexts over the whole of flagd's targeting schema, mostly well typed, sometimes not. Left out
/// is what flagd-core 4.0.1 itself can't do: its own operations inside map, filter and the like, where it fails for want of
/// its logger; keys to bucket by that are not ASCII, which its hash reads by code unit and flagd's by byte; and a default
/// for an attribute that is null, which its compiled mode uses and its interpreted one does not.
/// </summary>
internal sealed class RandomFlagd(int seed)
{
    private static readonly string[] Attributes = ["email", "age", "ratio", "tier", "beta", "version", "tags", "scores", "address.country", "address.zip", "address", "none", "absent", "address.absent", "tags.0"];
    private static readonly string[] Texts = ["email", "tier", "version", "address.country", "targetingKey"];
    private static readonly string[] Numbers = ["age", "ratio", "address.zip"];
    private static readonly string[] Words = ["", "a", "on", "off", "gold", "silver", "1", "2.5", "1e3", "0x10", "true", "u1@example.com", "@example.com", "DE", "é", "1.2.3", "-7", " 3 "];
    private static readonly string[] Versions = ["1.2.3", "v1.2.3", "1.2", "1", "2.0.0-beta.1", "2.0.0-beta.11", "2.0.0", "2.0.0+build.5", "1.02.0", "x.y.z", "1.2.3.4", "V3.0.0-rc-1.x"];
    private readonly Random _random = new(seed);
    private bool _insideElement;

    /// <summary>A document of flags <c>f0</c>, <c>f1</c>, ...</summary>
    public JsonObject Document(int flags)
    {
        var evaluators = new JsonObject { ["isGold"] = Truth(2), ["inner"] = Text(1), ["outer"] = new JsonObject { ["==="] = new JsonArray(Text(1), Reference("last")) }, ["last"] = Text(1) };
        var document = new JsonObject { ["flags"] = new JsonObject(), ["$evaluators"] = evaluators };
        for (var i = 0; i < flags; i++)
            document["flags"]![$"f{i}"] = Flag();
        return document;
    }

    public JsonObject Context()
    {
        var context = new JsonObject();
        if (Chance(0.9))
            context["targetingKey"] = $"user-{_random.Next(100_000)}";
        Add("email", () => $"u{_random.Next(50)}@example.{Pick("com", "org")}");
        Add("age", () => _random.Next(-5, 90));
        Add("ratio", () => Math.Round(_random.NextDouble() * 4, 3));
        Add("tier", () => Pick("gold", "silver", "on", "off", "", "3"));
        Add("beta", () => Chance(0.5));
        Add("version", () => Chance(0.9) ? Pick(Versions) : 2);
        Add("tags", () => new JsonArray([.. Enumerable.Range(0, _random.Next(4)).Select(_ => (JsonNode)Pick("a", "b", "gold", "on"))]));
        Add("scores", () => new JsonArray([.. Enumerable.Range(0, _random.Next(5)).Select(_ => (JsonNode)_random.Next(-3, 20))]));
        Add("address", () => new JsonObject { ["country"] = Pick("DE", "FR", "on"), ["zip"] = _random.Next(10_000) });
        Add("none", () => null);
        return context;

        void Add(string name, Func<JsonNode?> value)
        {
            if (Chance(0.85))
                context[name] = value();
        }
    }

    private JsonObject Flag()
    {
        var variants = Pick<Func<JsonObject>>(
            () => new JsonObject { ["on"] = true, ["off"] = false },
            () => new JsonObject { ["on"] = "yes", ["off"] = "no", ["gold"] = "", ["1"] = "one", ["true"] = "truth" },
            () => new JsonObject { ["on"] = 1.5, ["off"] = 0, ["gold"] = -3, ["3"] = 1e21 },
            () => new JsonObject { ["on"] = new JsonObject { ["a"] = new JsonArray(1, null) }, ["off"] = new JsonObject() })();
        var flag = new JsonObject { ["state"] = Chance(0.93) ? "ENABLED" : "DISABLED", ["variants"] = variants, ["defaultVariant"] = Pick("on", "off") };
        if (Chance(0.95))
            flag["targeting"] = Targeting();
        return flag;
    }

    /// <summary>The operation at the top; a bare value would be no targeting.</summary>
    private JsonNode? Targeting() => Pick(
        () => Conditional(Variant, 4),
        () => Conditional(Variant, 4),
        () => Fractional(),
        () => Operation("or", Variant(2), Variant(2)),
        () => Operation("and", Truth(2), Variant(2)),
        () => Truth(3),
        () => Text(3) is JsonObject text ? text : Conditional(Variant, 3),
        () => new JsonObject());

    private JsonNode? Variant(int depth) => Pick(
        () => Pick("on", "off"),
        () => Pick("on", "off"),
        () => Chance(0.3) ? Pick("gold", "missing", "1", "true") : null,
        () => null,
        () => depth > 0 ? Fractional() : "on",
        () => depth > 0 ? Conditional(Variant, depth - 1) : "off",
        () => depth > 0 && Chance(0.3) ? Any(depth - 1) : "on",
        () => Chance(0.3) ? Variable() : "off");

    private JsonObject Conditional(Func<int, JsonNode?> then, int depth)
    {
        var parts = new JsonArray();
        for (var i = _random.Next(1, 3); i > 0; i--)
        {
            parts.Add(Truth(depth - 1));
            parts.Add(then(depth - 1));
        }

        if (Chance(0.8))
            parts.Add(then(depth - 1));
        return new JsonObject { ["if"] = parts };
    }

    private JsonNode? Truth(int depth) => depth <= 0
        ? Pick<JsonNode?>(true, false, Variable(), null, 1, "")
        : Pick(
            () => Operation(Pick("==", "!=", "===", "!=="), Text(depth - 1), Text(depth - 1)),
            () => Operation(Pick("==", "!=", "===", "!=="), Number(depth - 1), Number(depth - 1)),
            () => Operation(Pick("<", "<=", ">", ">="), Number(depth - 1), Number(depth - 1)),
            () => Operation(Pick("<", "<="), Number(depth - 1), Number(depth - 1), Number(depth - 1)),
            () => Chance(0.3) ? Operation(Pick("<", ">", "=="), Any(depth - 1), Any(depth - 1)) : Variable(),
            () => Operation(Pick("and", "or"), Truth(depth - 1), Truth(depth - 1), Truth(depth - 1)),
            () => Operation(Pick("!", "!!"), Truth(depth - 1)),
            () => Operation("in", Text(depth - 1), List(depth - 1)),
            () => Operation("in", Text(depth - 1), Text(depth - 1)),
            () => Operation(Pick("all", "some", "none"), List(depth - 1), Inside(() => Truth(depth - 1))),
            () => _insideElement ? true : Operation(Pick("starts_with", "ends_with"), Text(depth - 1), Text(depth - 1)),
            () => _insideElement ? false : Operation("sem_ver", Version(), Pick("=", "!=", "<", "<=", ">", ">=", "^", "~"), Version()),
            () => _insideElement ? true : Reference("isGold"),
            () => _insideElement ? true : Reference("outer"),
            () => Variable());

    private JsonNode? Text(int depth) => depth <= 0
        ? Pick<JsonNode?>(Pick(Words), Pick(Words), Variable(Texts))
        : Pick(
            () => Pick(Words),
            () => Variable(Texts),
            () => Operation("cat", Text(depth - 1), Chance(0.2) ? Any(depth - 1) : Text(depth - 1)),
            () => Operation("substr", Text(depth - 1), _random.Next(-4, 5)),
            () => Operation("substr", Text(depth - 1), _random.Next(-4, 5), _random.Next(-3, 5)),
            () => _insideElement ? "a" : Reference("inner"),
            () => Conditional(Text, depth - 1));

    private JsonNode? Number(int depth) => depth <= 0
        ? Pick<JsonNode?>(_random.Next(-3, 40), Math.Round(_random.NextDouble() * 10, 2), Variable(Numbers))
        : Pick(
            () => _random.Next(-3, 40),
            () => Variable(Numbers),
            () => Operation(Pick("+", "*", "-"), Number(depth - 1), Number(depth - 1)),
            () => Operation(Pick("/", "%"), Number(depth - 1), _random.Next(1, 9)),
            () => Operation(Pick("min", "max"), Number(depth - 1), Number(depth - 1)),
            () => Operation(Pick("+", "-"), Pick<JsonNode?>(Variable(Numbers), _random.Next(9))),
            () => Operation("reduce", List(depth - 1), Operation(Pick("+", "*", "max"), new JsonObject { ["var"] = "current" }, new JsonObject { ["var"] = "accumulator" }), _random.Next(3)),
            () => Conditional(Number, depth - 1));

    private JsonNode? List(int depth) => _insideElement
        ? new JsonArray([.. Enumerable.Range(0, _random.Next(4)).Select(_ => (JsonNode?)Pick(Words))])
        : depth <= 0
        ? Pick<JsonNode?>(new JsonObject { ["var"] = Pick("tags", "scores") }, new JsonArray([.. Enumerable.Range(0, _random.Next(4)).Select(_ => (JsonNode?)Pick(Words))]))
        : Pick(
            () => List(0),
            () => Operation("map", List(depth - 1), Inside(() => Any(depth - 1))),
            () => Operation("filter", List(depth - 1), Inside(() => Truth(depth - 1))),
            () => Operation("merge", List(depth - 1), List(0)),
            () => _insideElement ? new JsonArray() : Operation("missing", Pick(Attributes), Pick(Attributes)),
            () => _insideElement ? new JsonArray() : Operation("missing_some", _random.Next(3), new JsonArray(Pick(Attributes), Pick(Attributes))));

    private JsonNode? Any(int depth) => Pick(() => Text(depth), () => Number(depth), () => Truth(depth), () => Chance(0.3) ? List(depth) : Variable());

    private JsonObject Fractional()
    {
        var parts = new JsonArray();
        if (_insideElement)
            return Operation("cat", "on");
        if (Chance(0.5))
            parts.Add(Pick(() => new JsonObject { ["var"] = Pick("email", "tier", "age") }, () => Operation("cat", new JsonObject { ["var"] = "$flagd.flagKey" }, new JsonObject { ["var"] = Pick("email", "targetingKey") })));
        for (var i = _random.Next(1, 4); i > 0; i--)
        {
            JsonNode? variant = Chance(0.8) ? Pick("on", "off", "gold") : Variant(1);
            parts.Add(Chance(0.15) ? new JsonArray(variant) : new JsonArray(variant, Chance(0.9) ? _random.Next(0, 100) : Number(1)));
        }

        return new JsonObject { ["fractional"] = parts };
    }

    private JsonNode Version() => Chance(0.6) ? new JsonObject { ["var"] = "version" } : Pick(Versions);

    private JsonObject Variable(string[]? names = null)
    {
        if (_insideElement)
            return new JsonObject { ["var"] = "" };
        var path = names is null || Chance(0.05) ? Pick(Attributes) : Pick(names);
        return path != "none" && Chance(0.15) ? new JsonObject { ["var"] = new JsonArray(path, Pick(Words)) } : new JsonObject { ["var"] = path };
    }

    private JsonNode? Inside(Func<JsonNode?> make)
    {
        var outer = _insideElement;
        _insideElement = true;
        var made = make();
        _insideElement = outer;
        return made;
    }

    private static JsonObject Reference(string name) => new() { ["$ref"] = name };

    private static JsonObject Operation(string name, params JsonNode?[] arguments) => new() { [name] = new JsonArray(arguments) };

    private bool Chance(double probability) => _random.NextDouble() < probability;

    private T Pick<T>(params T[] choices) => choices[_random.Next(choices.Length)];

    private JsonNode? Pick(params Func<JsonNode?>[] choices) => choices[_random.Next(choices.Length)]();

    /// <summary>For a failure's message.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"seed {seed}");
}
