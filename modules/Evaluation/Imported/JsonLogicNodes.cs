using System.Runtime.CompilerServices;

namespace Delivery.Evaluation;

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
