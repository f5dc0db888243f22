namespace Delivery.Evaluation;

/// <summary>A thread's place for the members of objects whose end is not read yet, an inner object's above those of the outer one.</summary>
internal sealed class MemberStack
{
    /// <summary>What one huge context made larger is not kept.</summary>
    private const int MostKept = 1_024;

    private string[] _names = new string[16];
    private AttributeValue[] _values = new AttributeValue[16];

    /// <summary>How many members are waiting.</summary>
    public int Count { get; private set; }

    /// <summary>Puts a member on top and says where it is; its value comes by <see cref="Set"/>.</summary>
    public int Push(string name)
    {
        if (Count == _names.Length)
            Resize(Count * 2);
        _names[Count] = name;
        return Count++;
    }

    public void Set(int place, in AttributeValue value) => _values[place] = value;

    /// <summary>Takes everything from a place on as one object.</summary>
    public AttributeObject Take(int start)
    {
        if (Count == start)
            return AttributeObject.Empty;
        var members = new AttributeObject(_names[start..Count], _values[start..Count]);
        Array.Clear(_names, start, Count - start);
        Array.Clear(_values, start, Count - start);
        Count = start;
        if (Count == 0 && _names.Length > MostKept)
            Resize(MostKept);
        return members;
    }

    private void Resize(int length)
    {
        Array.Resize(ref _names, length);
        Array.Resize(ref _values, length);
    }
}
