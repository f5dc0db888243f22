using System.CommandLine;

namespace Delivery.Cli;

/// <summary><c>completion</c>: the few lines with which a shell asks this command what could come next.</summary>
internal static class CompletionCommand
{
    private const string Bash =
        """
        _delivery() {
            local IFS=$'\n'
            COMPREPLY=($(compgen -W "$(delivery "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _delivery delivery
        """;

    private const string Zsh =
        """
        _delivery() {
            local -a found
            found=("${(@f)$(delivery "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
            _describe 'delivery' found
        }
        compdef _delivery delivery
        """;

    private const string Fish =
        """
        complete -c delivery -f -a '(delivery "[suggest:"(commandline -C)"]" (commandline) 2>/dev/null)'
        """;

    private const string PowerShell =
        """
        Register-ArgumentCompleter -Native -CommandName delivery -ScriptBlock {
            param($word, $line, $position)
            delivery "[suggest:$position]" "$line" 2>$null | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
        }
        """;

    public static Command Create(Terminal terminal)
    {
        Argument<string> shell = new("shell") { Description = "bash, zsh, fish or pwsh." };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish", "pwsh");
        return new Command("completion", "Prints the completion script of a shell: eval \"$(delivery completion bash)\".") { shell }.Does(terminal, (session, _) =>
        {
            terminal.Out.WriteLine(session.Said.GetValue(shell) switch
            {
                "bash" => Bash,
                "zsh" => Zsh,
                "fish" => Fish,
                _ => PowerShell,
            });
            return Task.CompletedTask;
        });
    }
}
