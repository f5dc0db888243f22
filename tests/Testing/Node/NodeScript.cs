using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Delivery.Testing.Node;

/// <summary>
/// A running script of <c>tests/Node</c> that answers each line of JSON on its input with one line of JSON on its output
/// (<c>lines.mjs</c> is its loop). The process ends with this object.
/// </summary>
public sealed class NodeScript : IAsyncDisposable
{
    private readonly string _name;
    private readonly Process _process;
    private readonly StringBuilder _complaints = new();

    private NodeScript(string name, Process process)
    {
        (_name, _process) = (name, process);
        process.ErrorDataReceived += (_, line) =>
        {
            lock (_complaints)
                _complaints.AppendLine(line.Data);
        };
        process.BeginErrorReadLine();
    }

    /// <summary>Starts a script; in a test that can't use the packages, skips the test with the reason.</summary>
    /// <param name="name">Its file in <c>tests/Node</c>.</param>
    /// <param name="arguments">What it is told on its command line, such as a server's address.</param>
    public static async Task<NodeScript> StartOrSkipAsync(string name, params string[] arguments)
    {
        await NodePackages.SkipWhenMissingAsync();
        return Start(name, arguments);
    }

    /// <summary>Starts a script once <see cref="NodePackages.WhyMissingAsync"/> has said that it can run.</summary>
    public static NodeScript Start(string name, params string[] arguments)
    {
        var start = new ProcessStartInfo("node", [Path.Combine(NodePackages.Folder, name), .. arguments])
        {
            WorkingDirectory = NodePackages.Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
            StandardOutputEncoding = Encoding.UTF8,
        };
        return new NodeScript(name, Process.Start(start) ?? throw new InvalidOperationException("node did not start"));
    }

    /// <summary>Sends one line and waits for its answer.</summary>
    public async Task<JsonElement> AskAsync<T>(T question, CancellationToken cancellationToken)
    {
        await WriteAsync(question, cancellationToken);
        await _process.StandardInput.FlushAsync(cancellationToken);
        return await ReadAsync(cancellationToken);
    }

    /// <summary>Sends all lines without waiting in between; the answers come in the same order.</summary>
    public async Task<IReadOnlyList<JsonElement>> AskAllAsync<T>(IReadOnlyCollection<T> questions, CancellationToken cancellationToken)
    {
        var writing = WriteAllAsync(questions, cancellationToken);
        var answers = new List<JsonElement>(questions.Count);
        while (answers.Count < questions.Count)
            answers.Add(await ReadAsync(cancellationToken));
        await writing;
        return answers;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private async Task WriteAllAsync<T>(IEnumerable<T> questions, CancellationToken cancellationToken)
    {
        foreach (var question in questions)
            await WriteAsync(question, cancellationToken);
        await _process.StandardInput.FlushAsync(cancellationToken);
    }

    private Task WriteAsync<T>(T question, CancellationToken cancellationToken) =>
        _process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(question, JsonSerializerOptions.Web).AsMemory(), cancellationToken);

    private async Task<JsonElement> ReadAsync(CancellationToken cancellationToken)
    {
        if (await _process.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
            return JsonElement.Parse(line);
        await _process.WaitForExitAsync(cancellationToken);
        lock (_complaints)
            throw new InvalidOperationException($"{_name} ended with {_process.ExitCode} before it answered: {_complaints}");
    }
}
