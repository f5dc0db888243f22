namespace Delivery.LocalHosting.Running;

/// <summary>One line per line of a resource, its name before it; on a terminal in a colour that is its own.</summary>
internal sealed class Terminal
{
    public const string Runner = "platform";

    private static readonly int[] Palette = [36, 32, 35, 33, 34, 96, 92, 95];

    private readonly Lock _gate = new();
    private readonly TextWriter _writer;
    private readonly Dictionary<string, int> _colourOf;
    private readonly int _width;
    private readonly bool _colours;

    public Terminal(TextWriter writer, IEnumerable<string> resources, bool colours)
    {
        _writer = writer;
        _colours = colours;
        _colourOf = resources.Select((name, index) => (name, index)).ToDictionary(one => one.name, one => Palette[one.index % Palette.Length]);
        _width = _colourOf.Keys.Append(Runner).Max(name => name.Length);
    }

    public void Write(string resource, string line)
    {
        var prefix = resource.PadRight(_width) + " | ";
        if (_colours)
            prefix = $"\e[{_colourOf.GetValueOrDefault(resource, 90)}m{prefix}\e[0m";
        lock (_gate)
            _writer.WriteLine(prefix + line);
    }

    /// <summary>What the runner itself has to say.</summary>
    public void Say(string line) => Write(Runner, line);
}
