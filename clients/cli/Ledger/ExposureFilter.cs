using System.CommandLine;

namespace Delivery.Cli.Ledger;

/// <summary>Which exposures.</summary>
internal sealed class ExposureFilter
{
    private readonly Option<string?> _flag = Of("--flag", "Of this flag.");
    private readonly Option<string?> _variant = Of("--variant", "Of this variant.");
    private readonly Option<string?> _environment = Of("--environment", "In this environment.");
    private readonly Option<string?> _reason = Of("--reason", "For this reason, such as SPLIT.");
    private readonly Option<string?> _rule = Of("--rule", "By this rule.");
    private readonly Option<string?> _unit = Of("--unit", "Of this unit.");
    private readonly Option<long?> _version = new("--version") { Description = "By this version of the flag." };
    private readonly Option<string?> _from = Of("--from", "Not before this time (ISO 8601).");
    private readonly Option<string?> _to = Of("--to", "Before this time.");

    public ExposureFilter()
    {
        _flag.CompletionSources.Add(context => KnownKeys.Of("flags", context));
        _environment.Aliases.Add("-e");
        _environment.CompletionSources.Add(context => KnownKeys.Of("environments", context));
    }

    /// <summary>The command, with these options.</summary>
    public Command On(Command command)
    {
        foreach (var option in (Option[])[_flag, _variant, _unit, _environment, _reason, _rule, _version, _from, _to])
            command.Options.Add(option);
        return command;
    }

    /// <summary>A question of the API about what was said.</summary>
    public string Address(ParseResult said, string question, params ReadOnlySpan<(string Name, object? Value)> more) => question.With(
    [
        ("flag", said.GetValue(_flag)), ("variant", said.GetValue(_variant)), ("unit", said.GetValue(_unit)), ("environment", said.GetValue(_environment)),
        ("reason", said.GetValue(_reason)), ("rule", said.GetValue(_rule)), ("version", said.GetValue(_version)), ("from", said.GetValue(_from)), ("to", said.GetValue(_to)), .. more,
    ]);

    private static Option<string?> Of(string name, string description) => new(name) { Description = description };
}
