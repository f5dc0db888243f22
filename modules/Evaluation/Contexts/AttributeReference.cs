namespace Delivery.Evaluation;

/// <summary>A name or path, split once, that finds an attribute's value in a context or in an object.</summary>
internal sealed class AttributeReference
{
    private readonly string[]? _path;

    internal AttributeReference(string name)
    {
        Name = name;
        IsTargetingKey = name == Attributes.TargetingKey;
        if (name.Contains('.', StringComparison.Ordinal))
            _path = name.Split('.');
    }

    internal string Name { get; }

    internal bool IsTargetingKey { get; }

    internal ref readonly AttributeValue Find(EvaluationContext context)
    {
        ref readonly var value = ref context.Find(Name);
        if (_path is null || value.Kind != AttributeKind.Missing)
            return ref value;
        return ref Descend(in context.Find(_path[0]), 1);
    }

    internal AttributeValue Find(AttributeValue element)
    {
        if (Name.Length == 0)
            return element;
        if (element.Kind != AttributeKind.Object)
            return AttributeValue.Missing;
        if (element.Members.TryGet(Name, out var value))
            return value;
        return _path is null ? AttributeValue.Missing : Descend(in element, 0);
    }

    private ref readonly AttributeValue Descend(ref readonly AttributeValue value, int from)
    {
        ref readonly var found = ref value;
        for (var i = from; i < _path!.Length; i++)
        {
            if (found.Kind != AttributeKind.Object)
                return ref AttributeObject.Empty.Find("");
            found = ref found.Members.Find(_path[i]);
        }

        return ref found;
    }
}
