using System.Collections.Immutable;
using System.Text;

namespace Delivery.Plugins.Sql;

/// <summary>
/// A metric's query with its parameters' places. It is read as PostgreSQL reads it (strings, quoted names, comments, dollar quotes),
/// so that a parameter's name in a text stays a text, and a second statement is found before the server sees it.
/// </summary>
/// <param name="Pieces">Text, and between two texts a parameter.</param>
/// <param name="Parameters">The parameters' names, one less than the texts.</param>
internal sealed record SqlTemplate(ImmutableArray<string> Pieces, ImmutableArray<string> Parameters)
{
    public const string OneSelect = "one SELECT (or WITH ... SELECT), without a second statement";

    public static ImmutableArray<string> Names { get; } = ["arms", "route", "metric", "from", "to"];

    public static (SqlTemplate? Template, string? Fault) Parse(string text) => new SqlReader(text).Read();

    /// <summary>With the parameters as <c>$1</c>, <c>$2</c>, ... in the order of <see cref="Names"/>.</summary>
    public string Numbered() => Filled(name => $"${Names.IndexOf(name) + 1}");

    /// <summary>With something in each parameter's place.</summary>
    public string Filled(Func<string, string> value)
    {
        var filled = new StringBuilder(Pieces[0]);
        foreach (var (i, name) in Parameters.Index())
            filled.Append(value(name)).Append(Pieces[i + 1]);
        return filled.ToString();
    }
}

/// <summary>Reads a template from its beginning to its end.</summary>
internal sealed class SqlReader(string text)
{
    private readonly ImmutableArray<string>.Builder _pieces = ImmutableArray.CreateBuilder<string>();
    private readonly ImmutableArray<string>.Builder _parameters = ImmutableArray.CreateBuilder<string>();
    private readonly StringBuilder _piece = new();
    private string? _firstWord;
    private bool _ended;
    private int _at;

    public (SqlTemplate? Template, string? Fault) Read()
    {
        while (_at < text.Length)
        {
            if (Next() is { } fault)
                return (null, fault);
        }

        if (_firstWord is not ("select" or "with"))
            return (null, SqlTemplate.OneSelect);
        if (!_parameters.Contains("arms") || !_parameters.Contains("from") || !_parameters.Contains("to"))
            return (null, "a query that names @arms, @from and @to: otherwise every question would have one answer");
        _pieces.Add(_piece.ToString());
        return (new SqlTemplate(_pieces.DrainToImmutable(), _parameters.DrainToImmutable()), null);
    }

    private string? Next()
    {
        var c = text[_at];
        if (char.IsWhiteSpace(c))
            return Take(1);
        if (At("--"))
            return Take(Until("\n", _at, orEnd: true));
        if (At("/*"))
            return Comment();
        if (_ended)
            return SqlTemplate.OneSelect;
        return c switch
        {
            ';' => End(),
            '\'' => Quoted('\'', escapes: false),
            '"' => Quoted('"', escapes: false),
            '$' => Dollar(),
            '@' => Parameter(),
            _ when char.IsLetter(c) || c == '_' => Word(),
            _ when char.IsAsciiDigit(c) => Take(Run(_at)),
            _ => Take(1),
        };
    }

    private string? Take(int length)
    {
        _piece.Append(text, _at, length);
        _at += length;
        return null;
    }

    /// <summary>Nothing but blanks and comments may follow; the mark itself goes.</summary>
    private string? End()
    {
        (_ended, _at) = (true, _at + 1);
        return null;
    }

    private string? Word()
    {
        var length = Run(_at);
        var word = text.Substring(_at, length);
        _firstWord ??= word.ToLowerInvariant();
        Take(length);
        return word is "e" or "E" && _at < text.Length && text[_at] == '\'' ? Quoted('\'', escapes: true) : null;
    }

    private string? Parameter()
    {
        var length = Run(_at + 1);
        if (length == 0)
            return Take(1);
        var name = text.Substring(_at + 1, length);
        if (!SqlTemplate.Names.Contains(name))
            return $"parameters among @{string.Join(", @", SqlTemplate.Names)}; there is no @{name}";
        _pieces.Add(_piece.ToString());
        _piece.Clear();
        _parameters.Add(name);
        _at += length + 1;
        return null;
    }

    private string? Quoted(char quote, bool escapes)
    {
        for (var i = _at + 1; i < text.Length; i++)
        {
            if (escapes && text[i] == '\\')
                i++;
            else if (text[i] == quote && i + 1 < text.Length && text[i + 1] == quote)
                i++;
            else if (text[i] == quote)
                return Take(i + 1 - _at);
        }

        return $"{SqlTemplate.OneSelect}; a {quote} is not closed";
    }

    private string? Dollar()
    {
        var tag = _at + 1 + Run(_at + 1);
        if (tag >= text.Length || text[tag] != '$' || (tag > _at + 1 && char.IsAsciiDigit(text[_at + 1])))
            return tag > _at + 1 && char.IsAsciiDigit(text[_at + 1]) ? "parameters by their names, not by numbers" : Take(1);
        var mark = text[_at..(tag + 1)];
        var length = Until(mark, tag + 1, orEnd: false);
        return length == 0 ? $"{SqlTemplate.OneSelect}; {mark} is not closed" : Take(length);
    }

    private string? Comment()
    {
        var depth = 0;
        for (var i = _at; i < text.Length - 1; i++)
        {
            var two = text.AsSpan(i, 2);
            depth += two is "/*" ? 1 : two is "*/" ? -1 : 0;
            i += two is "/*" or "*/" ? 1 : 0;
            if (depth == 0)
                return Take(i + 1 - _at);
        }

        return $"{SqlTemplate.OneSelect}; a comment is not closed";
    }

    private bool At(string what) => string.CompareOrdinal(text, _at, what, 0, what.Length) == 0;

    /// <summary>How long a word that begins here is.</summary>
    private int Run(int from)
    {
        var to = from;
        while (to < text.Length && (char.IsLetterOrDigit(text[to]) || text[to] == '_'))
            to++;
        return to - from;
    }

    /// <summary>How far it is to the end of a mark; 0 when it does not come.</summary>
    private int Until(string mark, int from, bool orEnd)
    {
        var found = text.IndexOf(mark, from, StringComparison.Ordinal);
        return found >= 0 ? found + mark.Length - _at : orEnd ? text.Length - _at : 0;
    }
}
