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

    internal AttributeValue Find(EvaluationContext context)
    {
        if (context.TryGet(Name, out var value))
            return value;
        if (_path is null || !context.TryGet(_path[0], out value))
            return AttributeValue.Missing;
        return Descend(value, 1);
    }

    internal AttributeValue Find(AttributeValue element)
    {
        if (Name.Length == 0)
            return element;
        if (element.Kind != AttributeKind.Object)
            return AttributeValue.Missing;
        if (element.Members.TryGet(Name, out var value))
            return value;
        return _path is null ? AttributeValue.Missing : Descend(element, 0);
    }

    private AttributeValue Descend(AttributeValue value, int from)
    {
        for (var i = from; i < _path!.Length; i++)
        {
            if (value.Kind != AttributeKind.Object || !value.Members.TryGet(_path[i], out value))
                return AttributeValue.Missing;
        }

        return value;
    }
}
