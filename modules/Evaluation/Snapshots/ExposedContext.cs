using System.Text.Json;

namespace Delivery.Evaluation;

/// <summary>What an exposure keeps of the context it was decided from: the unit, and the attributes the decision can read.</summary>
public static class ExposedContext
{
    [ThreadStatic]
    private static HashSet<string>? _written;

    /// <summary>
    /// The unit of the flag's first split, so that all arms of a flag count the same kind of unit; the targeting key where the flag
    /// has no split or the context lacks the attribute.
    /// </summary>
    /// <param name="snapshot">What was evaluated.</param>
    /// <param name="flag">The flag's key.</param>
    /// <param name="context">The context.</param>
    /// <returns>The unit's key, null where there is none; and the attribute it comes from, null for the targeting key.</returns>
    public static (string? Unit, string? UnitKind) UnitOf(Snapshot snapshot, string flag, EvaluationContext context)
    {
        foreach (var rule in snapshot.Definition(flag)?.Rules ?? [])
        {
            if (rule.Serve is not Serve.Split { Assignment.UnitAttribute: var attribute })
                continue;
            if (attribute != Attributes.TargetingKey && context.TryGet(attribute, out var value) && !value.IsMissingOrNull)
                return (value.ToString(), attribute);
            break;
        }

        return (context.TargetingKey, null);
    }

    /// <summary>
    /// Writes an object of the attributes that the flag's decision can read and the context has; empty where there is none of them,
    /// which says more than nothing: the exposure can be derived again.
    /// </summary>
    /// <param name="json">Takes the object.</param>
    /// <param name="snapshot">What was evaluated.</param>
    /// <param name="flag">The flag's key.</param>
    /// <param name="context">The context.</param>
    public static void WriteAttributes(Utf8JsonWriter json, Snapshot snapshot, string flag, EvaluationContext context)
    {
        var read = snapshot.AttributesReadBy(flag);
        var all = read.Contains(AttributesRead.Any);
        var written = _written ??= new HashSet<string>(StringComparer.Ordinal);
        written.Clear();
        json.WriteStartObject();
        foreach (var name in all ? context.AttributeNames.ToArray() : read)
        {
            if (name == Attributes.TargetingKey || !Find(context, name, out var found, out var value) || !written.Add(found))
                continue;
            json.WritePropertyName(found);
            value.WriteTo(json);
        }

        json.WriteEndObject();
    }

    /// <summary>A rule may read a path (<c>company.plan</c>); the exposure then keeps the whole object.</summary>
    private static bool Find(EvaluationContext context, string name, out string found, out AttributeValue value)
    {
        found = name;
        if (context.TryGet(name, out value))
            return true;
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        if (dot <= 0)
            return false;
        found = name[..dot];
        return context.TryGet(found, out value);
    }
}
