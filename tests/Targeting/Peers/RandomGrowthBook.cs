using System.Text.Json.Nodes;

namespace Delivery.Targeting.Tests.Peers;

/// <summary>
/// Random GrowthBook payloads and attributes: forced values with coverage and ranges, experiments with weights, coverage,
/// ranges, filters, namespaces and passing-through variations, both hash versions, conditions with every operator, saved
/// groups, prerequisites with and without gates. Prerequisites lead to later features only: a circle, which GrowthBook
/// notices while it evaluates, is refused by import.
/// </summary>
internal sealed class RandomGrowthBook(int seed)
{
    private static readonly string[] Texts = ["country", "plan", "version", "email", "nested.city", "absent"];
    private static readonly string[] Words = ["DE", "FR", "pro", "free", "", "1.2.3", "1.10.0", "2.0.0-beta", "user@x.example", "Paris", "5"];
    private readonly Random _random = new(seed);

    public JsonObject Payload(int features)
    {
        var payload = new JsonObject
        {
            ["features"] = new JsonObject(),
            ["savedGroups"] = new JsonObject { ["texts"] = new JsonArray("u1", "u2", "DE", "pro"), ["mixed"] = new JsonArray(1, "u3", 42, "FR") },
        };
        for (var i = 0; i < features; i++)
            payload["features"]![$"f{i}"] = Feature(i, features);
        return payload;
    }

    public JsonObject Attributes()
    {
        var attributes = new JsonObject();
        Add("id", 0.95, () => Chance(0.9) ? $"u{_random.Next(1_000)}" : _random.Next(1_000));
        Add("company", 0.7, () => Pick("acme", "globex", "", "initech"));
        Add("country", 0.9, () => Pick("DE", "FR", "US"));
        Add("plan", 0.9, () => Pick("pro", "free"));
        Add("version", 0.9, () => Pick("1.2.3", "1.10.0", "2.0.0", "2.0.0-beta", "v1.2"));
        Add("email", 0.8, () => Pick("user@x.example", "a@y.example"));
        Add("age", 0.9, () => _random.Next(1, 90));
        Add("beta", 0.8, () => Chance(0.5));
        Add("tags", 0.8, () => new JsonArray([.. Enumerable.Range(0, _random.Next(4)).Select(_ => (JsonNode)Pick("a", "b", "DE", "pro"))]));
        Add("numbers", 0.8, () => new JsonArray([.. Enumerable.Range(0, _random.Next(4)).Select(_ => (JsonNode)_random.Next(50))]));
        Add("nested", 0.8, () => new JsonObject { ["city"] = Pick("Paris", "Bonn"), ["zip"] = _random.Next(10) });
        Add("nothing", 0.5, () => null);
        return attributes;

        void Add(string name, double probability, Func<JsonNode?> value)
        {
            if (Chance(probability))
                attributes[name] = value();
        }
    }

    private JsonObject Feature(int index, int features)
    {
        var values = Pick<JsonNode?[]>([true, false], ["a", "b", "c"], [1, 2.5, 3], [new JsonObject { ["x"] = 1 }, new JsonObject { ["x"] = new JsonArray(2) }, null]);
        var feature = new JsonObject { ["defaultValue"] = values[0]?.DeepClone() };
        var rules = new JsonArray();
        for (var i = _random.Next(5); i > 0; i--)
            rules.Add(Rule(rules.Count, index, features, values));
        if (rules.Count > 0 || Chance(0.5))
            feature["rules"] = rules;
        return feature;
    }

    private JsonObject Rule(int number, int index, int features, JsonNode?[] values)
    {
        var rule = new JsonObject { ["id"] = $"r{number}" };
        if (Chance(0.5))
            rule["condition"] = Condition(2);
        if (index + 1 < features && Chance(0.25))
            rule["parentConditions"] = new JsonArray(Parent(index + 1 + _random.Next(features - index - 1)));
        if (Chance(0.2))
            rule["filters"] = new JsonArray(Filter());
        if (Chance(0.3))
            rule["hashAttribute"] = Pick("company", "id", "absent", "age");
        if (Chance(0.5))
            rule["hashVersion"] = _random.Next(1, 3);
        if (Chance(0.3))
            rule["seed"] = Pick("s1", "s2");
        if (Chance(0.5))
            rule["coverage"] = Part();
        return Chance(0.5) ? Forced(rule, values) : Experiment(rule, values);
    }

    private JsonObject Forced(JsonObject rule, JsonNode?[] values)
    {
        rule["force"] = values[_random.Next(values.Length)]?.DeepClone();
        if (Chance(0.2))
            rule["range"] = Range();
        return rule;
    }

    private JsonObject Experiment(JsonObject rule, JsonNode?[] values)
    {
        var count = _random.Next(1, 6) == 1 ? 1 : _random.Next(2, 5);
        rule["variations"] = new JsonArray([.. Enumerable.Range(0, count).Select(_ => values[_random.Next(values.Length)]?.DeepClone())]);
        if (Chance(0.4))
            rule["key"] = Pick("exp", "other");
        if (Chance(0.5))
            rule["weights"] = Weights(Chance(0.9) ? count : count + 1);
        if (Chance(0.15))
            rule["ranges"] = new JsonArray([.. Enumerable.Range(0, count).Select(_ => Range())]);
        if (Chance(0.15))
            rule["namespace"] = new JsonArray(Pick("space", "room"), Part(0, 0.5), Part(0.5, 1));
        if (Chance(0.15))
            rule["meta"] = new JsonArray([.. Enumerable.Range(0, count).Select(i => (JsonNode)new JsonObject { ["key"] = $"{i}", ["passthrough"] = Chance(0.3) })]);
        return rule;
    }

    private JsonObject Parent(int index)
    {
        var parent = new JsonObject { ["id"] = Chance(0.95) ? $"f{index}" : "unknown", ["condition"] = new JsonObject { ["value"] = Chance(0.5) ? new JsonObject { ["$exists"] = true } : Comparison(1) } };
        if (Chance(0.4))
            parent["gate"] = true;
        return parent;
    }

    private JsonObject Filter()
    {
        var filter = new JsonObject { ["seed"] = Pick("layer", "slot"), ["ranges"] = new JsonArray([.. Enumerable.Range(0, _random.Next(1, 3)).Select(_ => Range())]) };
        if (Chance(0.5))
            filter["hashVersion"] = _random.Next(1, 3);
        if (Chance(0.4))
            filter["attribute"] = Pick("company", "id");
        return filter;
    }

    private JsonObject Condition(int depth) => depth > 0 && Chance(0.4)
        ? Chance(0.3)
            ? new JsonObject { ["$not"] = Condition(depth - 1) }
            : new JsonObject { [Pick("$and", "$or", "$nor")] = new JsonArray([.. Enumerable.Range(0, _random.Next(4)).Select(_ => (JsonNode)Condition(depth - 1))]) }
        : Chance(0.2)
            ? new JsonObject { [Pick(Texts)] = Comparison(1), [Pick("age", "nested.zip", "beta", "nothing")] = Comparison(1) }
            : new JsonObject { [Pick("country", "plan", "version", "email", "nested.city", "absent", "age", "tags", "numbers", "beta", "nothing", "id")] = Comparison(1) };

    private JsonNode? Comparison(int depth) => Pick(
        () => Value(),
        () => new JsonObject { [Pick("$eq", "$ne")] = Value() },
        () => new JsonObject { [Pick("$in", "$nin")] = new JsonArray(Value(), Value(), Value()) },
        () => new JsonObject { [Pick("$gt", "$gte", "$lt", "$lte")] = Chance(0.7) ? _random.Next(80) : Pick(Words) },
        () => new JsonObject { ["$gte"] = _random.Next(40), ["$lt"] = _random.Next(40, 90) },
        () => new JsonObject { [Pick("$vgt", "$vgte", "$vlt", "$vlte", "$veq", "$vne")] = Pick("1.2.3", "1.10.0", "2.0.0-beta", "1.2") },
        () => new JsonObject { ["$exists"] = Chance(0.5) },
        () => new JsonObject { ["$type"] = Pick("string", "number", "boolean", "array", "object", "null", "undefined") },
        () => new JsonObject { ["$regex"] = Pick("^u", "example$", "[0-9]+", "^(DE|FR)$", "p.o") },
        () => new JsonObject { ["$size"] = Chance(0.5) ? _random.Next(4) : new JsonObject { ["$gt"] = 1 } },
        () => new JsonObject { ["$all"] = new JsonArray(Pick("a", "b"), Pick("a", "DE")) },
        () => new JsonObject { ["$elemMatch"] = depth > 0 ? new JsonObject { ["$eq"] = Pick("a", "pro") } : new JsonObject { ["$gt"] = 20 } },
        () => new JsonObject { [Pick("$inGroup", "$notInGroup")] = Pick("texts", "mixed", "unknown") },
        () => depth > 0 ? new JsonObject { ["$not"] = Comparison(depth - 1) is JsonObject inner ? inner : new JsonObject { ["$eq"] = 1 } } : null);

    private JsonNode? Value() => Pick(() => Pick(Words), () => _random.Next(60), () => Chance(0.5), () => null);

    private JsonArray Weights(int count)
    {
        var parts = Enumerable.Range(0, count).Select(_ => _random.Next(0, 10) + (Chance(0.5) ? 0.5 : 0)).ToList();
        var total = parts.Sum() is 0 ? 1 : parts.Sum();
        return new JsonArray([.. parts.Select(part => (JsonNode)(Chance(0.5) ? part / total : Math.Round(part / total, 3)))]);
    }

    private JsonArray Range()
    {
        var start = Part(0, 0.7);
        return new JsonArray(start, Math.Round(start + Part(0, 0.5), 4));
    }

    private double Part(double from = 0, double to = 1) => Chance(0.1) ? (Chance(0.5) ? from : to) : Math.Round(from + (_random.NextDouble() * (to - from)), _random.Next(1, 5));

    private bool Chance(double probability) => _random.NextDouble() < probability;

    private T Pick<T>(params T[] choices) => choices[_random.Next(choices.Length)];

    private JsonNode? Pick(params Func<JsonNode?>[] choices) => choices[_random.Next(choices.Length)]();
}
