using System.Text.Json;
using Delivery.Contracts.Http;
using Delivery.Evaluation;
using Delivery.Targeting.Flags;

namespace Delivery.Targeting.Import;

/// <summary>
/// Translates flagd's flag definitions (<c>{ flags, $evaluators, metadata }</c>, flagd.dev's schema). Targeting stays the
/// JSONLogic it is, in a rule of its own: every unit keeps its bucket, every reason its name.
/// </summary>
internal sealed class Flagd
{
    private const string TargetingRule = "targeting";
    private readonly FlagdEvaluators _evaluators;
    private readonly List<Remark> _translated = [];
    private readonly List<Remark> _unsupported = [];

    private Flagd(FlagdEvaluators evaluators) => _evaluators = evaluators;

    /// <exception cref="InvalidRequest">It is not a flagd document.</exception>
    public static Translation Translate(JsonElement document)
    {
        if (document.ValueKind != JsonValueKind.Object || !document.TryGetProperty("flags", out var flags) || flags.ValueKind != JsonValueKind.Object)
            throw new InvalidRequest("flags", "an object of flags by key, as flagd's sources hold it");
        var flagd = new Flagd(new FlagdEvaluators(document));
        var imported = flags.EnumerateObject().Select(flag => flagd.Flag(flag.Name, flag.Value)).OfType<ImportedFlag>().ToList();
        flagd.Note(document, "metadata", "metadata");
        return new Translation(imported, [], flagd._translated, flagd._unsupported);
    }

    /// <summary>Null: the flag has no counterpart, and the remarks say why.</summary>
    private ImportedFlag? Flag(string key, JsonElement flag)
    {
        var path = $"flags.{key}";
        if (flag.ValueKind != JsonValueKind.Object || !flag.TryGetProperty("variants", out var named) || named.ValueKind != JsonValueKind.Object)
            throw new InvalidRequest($"{path}.variants", "an object of values by variant");
        var variants = named.EnumerateObject().Select(variant => new Variant { Key = variant.Name, Value = variant.Value.Clone() }).ToList();
        var state = flag.TryGetProperty("state", out var text) ? text.ToString() : "";
        if (state is not ("ENABLED" or "DISABLED"))
            throw new InvalidRequest($"{path}.state", "ENABLED or DISABLED");
        if (!flag.TryGetProperty("defaultVariant", out var declared) || declared.ValueKind != JsonValueKind.String || declared.GetString() is not { Length: > 0 } fallback)
            return LeftOut($"{path}.defaultVariant", "there is none: flagd then gives each caller its own default, which today's OFREP clients can't be told; name one and import again. The flag was left out");
        if (!variants.Exists(variant => variant.Key == fallback))
            throw new InvalidRequest($"{path}.defaultVariant", "the name of one of the flag's variants");

        IReadOnlyList<Rule> rules = [];
        if (flag.TryGetProperty("targeting", out var targeting) && !TryTarget($"{path}.targeting", targeting, state == "ENABLED", out rules))
            return null;

        Note(flag, "metadata", $"{path}.metadata");
        if (state == "DISABLED")
            _translated.Add(new Remark($"{path}.state", $"a disabled flag serves '{fallback}' with the reason DISABLED; flagd gives each caller its own default"));
        var identity = new FlagIdentity { Type = Translation.TypeOf(variants.Select(variant => variant.Value)), Variants = variants, OffVariant = fallback, Tags = ["flagd"] };
        return new ImportedFlag(key, identity, new FlagConfiguration { Enabled = state == "ENABLED", Default = new Serve.Variant(fallback), Rules = rules });
    }

    /// <returns>False: it is enabled by what can't be evaluated.</returns>
    private bool TryTarget(string path, JsonElement targeting, bool isEnabled, out IReadOnlyList<Rule> rules)
    {
        rules = [];
        string fault;
        try
        {
            var expression = _evaluators.Resolve(targeting);
            if (!HasContent(expression))
                return true;
            var rule = new Rule { Id = TargetingRule, Serve = new Serve.JsonLogic(expression) };
            if (Fault(rule) is not { } found)
            {
                rules = [rule];
                return true;
            }

            fault = found;
        }
        catch (FormatException e)
        {
            fault = $"has {e.Message}";
        }

        var outcome = isEnabled ? "the flag was left out" : "the flag was imported disabled, without it";
        _unsupported.Add(new Remark(path, $"it {fault} flagd serves nobody by it, each caller keeps its own default; {outcome}"));
        return !isEnabled;
    }

    private static bool HasContent(JsonElement targeting) => targeting.ValueKind switch
    {
        JsonValueKind.Object => targeting.GetPropertyCount() > 0,
        JsonValueKind.Array => targeting.GetArrayLength() > 0,
        JsonValueKind.String => targeting.GetString()!.Length > 0,
        _ => false,
    };

    private static string? Fault(Rule rule)
    {
        var value = JsonSerializer.SerializeToElement(false);
        var probe = new FlagDefinition { Key = "probe", Enabled = true, OffVariant = "off", Variants = [new Variant { Key = "off", Value = value }], Rules = [rule] };
        return FlagValidation.Check(probe) is [var error, ..] ? error.Message : null;
    }

    private ImportedFlag? LeftOut(string path, string message)
    {
        _unsupported.Add(new Remark(path, message));
        return null;
    }

    private void Note(JsonElement holder, string member, string path)
    {
        if (holder.TryGetProperty(member, out var metadata) && metadata.ValueKind == JsonValueKind.Object && metadata.GetPropertyCount() > 0)
            _unsupported.Add(new Remark(path, "metadata that evaluations carry has no counterpart; it was left out and decides nothing"));
    }
}
