using System.CommandLine;
using Delivery.Cli.Auditing;
using Delivery.Cli.Flags;
using Delivery.Cli.Ledger;
using Delivery.Cli.Metrics;
using Delivery.Cli.Plugins;
using Delivery.Cli.Rollouts;
using Delivery.Cli.Transfer;

namespace Delivery.Cli;

/// <summary>The <c>delivery</c> command: what can be said to it.</summary>
internal static class DeliveryCommand
{
    private const string Description =
        """
        Release small and often from a terminal: flags, rollouts, evaluation, the audit.

        Sign in once with 'delivery login --server URL', or set DELIVERY_SERVER and DELIVERY_KEY.
        Exit status: 0 done, 1 refused, 2 wrong usage or bad input, 3 no key or its role does not reach, 4 not found,
        5 someone else changed it or its state forbids it, 6 the server can't be reached or failed, 130 stopped by Ctrl-C.
        """;

    /// <summary>Parses and runs; never throws.</summary>
    /// <param name="args">The words after <c>delivery</c>.</param>
    /// <param name="terminal">Where it reads and writes.</param>
    /// <param name="cancellationToken">Ctrl-C.</param>
    /// <returns>The exit status, one of <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(string[] args, Terminal terminal, CancellationToken cancellationToken)
    {
        var parsed = Create(terminal).Parse(args);
        var status = await parsed.InvokeAsync(
            new InvocationConfiguration { Output = terminal.Out, Error = terminal.Error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null },
            cancellationToken);
        return parsed.Errors.Count > 0 ? (int)ExitCode.Usage : status;
    }

    private static RootCommand Create(Terminal terminal) => new(Description)
    {
        GlobalOptions.Server,
        GlobalOptions.Key,
        GlobalOptions.Output,
        LoginCommands.Login(terminal),
        LoginCommands.Logout(terminal),
        FlagCommands.Create(terminal),
        EvaluateCommand.Create(terminal),
        RolloutCommands.Create(terminal),
        MetricCommands.Create(terminal),
        EventCommands.Create(terminal),
        ExposureCommands.Create(terminal),
        LedgerCommands.Create(terminal),
        SegmentCommands.Create(terminal),
        PluginCommands.Create(terminal),
        ImportCommand.Create(terminal),
        ExportCommand.Create(terminal),
        CompletionCommand.Create(terminal),
    };
}
