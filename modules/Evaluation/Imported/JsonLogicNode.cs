using System.Runtime.CompilerServices;

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

/// <summary>An operation whose arguments are all evaluated first.</summary>
/// <param name="operation">What is done with them.</param>
/// <param name="arguments">The arguments.</param>
/// <param name="isSpread">True where the argument is no list but may give one, whose elements are then the arguments.</param>
internal sealed class LogicCall(LogicCall.Operation operation, JsonLogicNode[] arguments, bool isSpread) : JsonLogicNode
{
    internal delegate AttributeValue Operation(ReadOnlySpan<AttributeValue> arguments);

    internal override AttributeValue Evaluate(in LogicScope scope)
    {
        var few = new FewValues();
        Span<AttributeValue> values = arguments.Length <= FewValues.Length ? few : new AttributeValue[arguments.Length];
        values = values[..arguments.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = arguments[i].Evaluate(scope);
            if (values[i].IsFailed)
                return AttributeValue.Failed;
        }

        return isSpread && values[0].Kind == AttributeKind.Array ? operation(values[0].Elements) : operation(values);
    }

    internal override bool IsConstant(bool element) => Array.TrueForAll(arguments, argument => argument.IsConstant(element));

    internal override void FoldParts(bool isLenient) => FoldEach(arguments, isLenient);

    /// <summary>Room for the arguments of nearly every call, on the stack.</summary>
    [InlineArray(Length)]
    private struct FewValues
    {
        internal const int Length = 4;
        private AttributeValue _first;
    }
}

/// <summary>An operation that decides itself which arguments to evaluate.</summary>
/// <param name="operation">What is done.</param>
/// <param name="arguments">The arguments.</param>
/// <param name="folding">What becomes of constant arguments.</param>
internal sealed class LogicForm(LogicForm.Operation operation, JsonLogicNode[] arguments, Folding folding) : JsonLogicNode
{
    internal delegate AttributeValue Operation(JsonLogicNode[] arguments, in LogicScope scope);

    internal override bool IsEager => folding == Folding.Eager;

    internal override AttributeValue Evaluate(in LogicScope scope) => operation(arguments, scope);

    internal override bool IsConstant(bool element) => Array.TrueForAll(arguments, argument => argument.IsConstant(element));

    internal override void FoldParts(bool isLenient)
    {
        if (folding == Folding.Lenient || (isLenient && folding == Folding.Lazy))
            FoldEachLeniently(arguments);
        else
            FoldEach(arguments, isLenient);
    }
}

/// <summary>When a constant argument that fails makes the whole expression fail, as in json-logic-engine.</summary>
internal enum Folding
{
    /// <summary>Unless the whole operation is constant and does not come to it.</summary>
    Lazy,

    /// <summary>Always.</summary>
    Eager,

    /// <summary>Never.</summary>
    Lenient,
}

/// <summary>An operation over a list: its second argument is asked about each element.</summary>
internal sealed class LogicIteration(LogicForm.Operation operation, JsonLogicNode[] arguments) : JsonLogicNode
{
    internal override bool IsEager => false;

    internal override AttributeValue Evaluate(in LogicScope scope) => operation(arguments, scope);

    internal override bool IsConstant(bool element) =>
        arguments[0].IsConstant(element) && arguments[1].IsConstant(element: true) && (arguments.Length < 3 || arguments[2].IsConstant(element));

    internal override void FoldParts(bool isLenient)
    {
        if (isLenient)
            FoldEachLeniently(arguments);
        else
            FoldEach(arguments, isLenient);
    }
}

/// <summary>An operation that asks for the context by names it computes, so that it is never constant.</summary>
internal sealed class LogicQuestion(LogicForm.Operation operation, JsonLogicNode[] arguments) : JsonLogicNode
{
    internal override AttributeValue Evaluate(in LogicScope scope) => operation(arguments, scope);

    internal override bool IsConstant(bool element) => false;

    internal override void FoldParts(bool isLenient) => FoldEach(arguments, isLenient);
}
