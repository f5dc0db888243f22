namespace Delivery.Evaluation;

/// <summary>What a JSONLogic expression is asked about: a context, and inside map, filter and the like one element.</summary>
internal readonly ref struct LogicScope
{
    /// <summary>Elements that one evaluation may visit in all its iterations; more fail it, so that none can hang.</summary>
    internal const int MaximumSteps = 100_000;

    private readonly ref int _steps;

    internal LogicScope(EvaluationContext context, string flagKey, ref int steps)
    {
        Context = context;
        FlagKey = flagKey;
        _steps = ref steps;
    }

    private LogicScope(EvaluationContext context, string flagKey, ref int steps, scoped in AttributeValue element)
        : this(context, flagKey, ref steps)
    {
        Element = element;
        HasElement = true;
    }

    internal EvaluationContext Context { get; }

    /// <summary>Key of the flag, for <c>$flagd.flagKey</c> and the default bucketing.</summary>
    internal string FlagKey { get; }

    internal AttributeValue Element { get; }

    internal bool HasElement { get; }

    internal LogicScope In(scoped in AttributeValue element) => new(Context, FlagKey, ref _steps, element);

    /// <summary>Counts one element; false when there were too many.</summary>
    internal bool MayVisit() => ++_steps <= MaximumSteps;
}

/// <summary>A compiled JSONLogic expression. Evaluating gives a value, or <see cref="AttributeValue.Failed"/>.</summary>
internal abstract class JsonLogicNode
{
    internal abstract AttributeValue Evaluate(in LogicScope scope);

    /// <summary>Whether it gives the same for every context; with <paramref name="element"/>, for every element it is given.</summary>
    internal abstract bool IsConstant(bool element);

    /// <summary>Whether all parts are evaluated, even where the first ones decide.</summary>
    internal virtual bool IsEager => true;

    /// <summary>Evaluates the constant parts once, now.</summary>
    /// <param name="isLenient">True where a part that fails does so only for those who come to it.</param>
    internal virtual void FoldParts(bool isLenient)
    {
    }

    /// <exception cref="FormatException">A constant part fails: the expression fails for everyone.</exception>
    internal static JsonLogicNode Fold(JsonLogicNode node, bool isLenient = false)
    {
        if (node is LogicLiteral)
            return node;
        var isConstant = node.IsConstant(element: false);
        node.FoldParts(isLenient || (isConstant && !node.IsEager));
        if (!isConstant)
            return node;
        var steps = 0;
        var value = node.Evaluate(new LogicScope(EvaluationContext.Empty, "", ref steps));
        return value.IsFailed ? throw new FormatException("an expression with a part that fails for everyone") : new LogicLiteral(value);
    }

    protected static void FoldEach(JsonLogicNode[] nodes, bool isLenient)
    {
        for (var i = 0; i < nodes.Length; i++)
            nodes[i] = Fold(nodes[i], isLenient);
    }

    /// <summary>A part that fails for everyone fails for those who come to it, and only for them.</summary>
    protected static void FoldEachLeniently(JsonLogicNode[] nodes)
    {
        for (var i = 0; i < nodes.Length; i++)
        {
            try
            {
                nodes[i] = Fold(nodes[i], isLenient: true);
            }
            catch (FormatException)
            {
                nodes[i] = new LogicLiteral(AttributeValue.Failed);
            }
        }
    }
}

internal sealed class LogicLiteral(AttributeValue value) : JsonLogicNode
{
    internal AttributeValue Value { get; } = value;

    internal override AttributeValue Evaluate(in LogicScope scope) => Value;

    internal override bool IsConstant(bool element) => true;
}

internal sealed class LogicList(JsonLogicNode[] items) : JsonLogicNode
{
    internal JsonLogicNode[] Items { get; } = items;

    internal override AttributeValue Evaluate(in LogicScope scope)
    {
        var values = new AttributeValue[Items.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = Items[i].Evaluate(scope);
            if (values[i].IsFailed)
                return AttributeValue.Failed;
        }

        return AttributeValue.From(values);
    }

    internal override bool IsConstant(bool element) => Array.TrueForAll(Items, item => item.IsConstant(element));

    internal override void FoldParts(bool isLenient) => FoldEach(Items, isLenient);
}
