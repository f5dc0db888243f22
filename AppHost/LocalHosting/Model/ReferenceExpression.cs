using System.Runtime.CompilerServices;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>A text with parts whose values are known only once the platform runs.</summary>
public sealed class ReferenceExpression : IValueProvider
{
    private readonly IReadOnlyList<IValueProvider> _parts;

    private ReferenceExpression(IReadOnlyList<IValueProvider> parts) => _parts = parts;

    public static ReferenceExpression Create(in ExpressionInterpolatedStringHandler handler) => new(handler.Parts);

    public async ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default)
    {
        var values = new string?[_parts.Count];
        for (var index = 0; index < values.Length; index++)
            values[index] = await _parts[index].GetValueAsync(cancellationToken);
        return string.Concat(values);
    }

    [InterpolatedStringHandler]
#pragma warning disable CA1815 // The compiler makes and consumes it; nobody compares it.
    public readonly struct ExpressionInterpolatedStringHandler(int literalLength, int formattedCount)
#pragma warning restore CA1815
    {
        internal List<IValueProvider> Parts { get; } = new(formattedCount + (literalLength > 0 ? 1 : 0));

        public void AppendLiteral(string value) => Parts.Add(new Literal(value));

        public void AppendFormatted(string? value) => Parts.Add(new Literal(value));

        public void AppendFormatted<T>(T value)
            where T : IValueProvider => Parts.Add(value);

        public void AppendFormatted<T>(IResourceBuilder<T> value)
            where T : IResource, IValueProvider => Parts.Add(value.Resource);
    }

    private sealed record Literal(string? Value) : IValueProvider
    {
        public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default) => ValueTask.FromResult(Value);
    }
}
