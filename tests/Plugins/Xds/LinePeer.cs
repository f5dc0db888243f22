using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Delivery.Testing.Node;

namespace Delivery.Plugins.Tests.Xds;

/// <summary>A process with gRPC clients that is talked with in lines of JSON; many questions may be open at once.</summary>
internal sealed class LinePeer : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Task _reading;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonObject>> _open = new();
    private readonly StringBuilder _complaints = new();
    private int _id;
    private bool _disposed;

    private LinePeer(Process process)
    {
        _process = process;
        process.ErrorDataReceived += (_, line) =>
        {
            lock (_complaints)
                _complaints.AppendLine(line.Data);
        };
        process.BeginErrorReadLine();
        _reading = ReadAsync();
    }

    /// <summary>A Node process, once <see cref="NodePackages.WhyMissingAsync"/> has said that it can run.</summary>
    public static LinePeer Node() => Start("node", Path.Combine(NodePackages.Folder, "xds.mjs"), ("GRPC_VERBOSITY", "NONE"));

    /// <summary>A Python process on gRPC's C-core, with its bootstrap.</summary>
    public static LinePeer Python(string program, string bootstrap) =>
        Start(program, Path.Combine(Path.GetDirectoryName(NodePackages.Folder)!, "Plugins", "Xds", "xds.py"), ("GRPC_XDS_BOOTSTRAP_CONFIG", bootstrap));

    /// <summary>Ends the process, and does not wait for it.</summary>
    public void Kill() => _process.Kill();

    public async Task<JsonObject> AskAsync(JsonObject question, CancellationToken cancellationToken)
    {
        var id = Interlocked.Increment(ref _id);
        question["id"] = id;
        var answered = _open[id] = new TaskCompletionSource<JsonObject>(TaskCreationOptions.RunContinuationsAsynchronously);
        await _writing.WaitAsync(cancellationToken);
        try
        {
            await _process.StandardInput.WriteLineAsync(question.ToJsonString());
            await _process.StandardInput.FlushAsync(CancellationToken.None);
        }
        finally
        {
            _writing.Release();
        }

        return await answered.Task.WaitAsync(cancellationToken);
    }

    /// <summary>A call: the arm that answered; anything else is a lost call.</summary>
    public async Task<string> CallAsync(string channel, JsonObject? metadata, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(new JsonObject { ["call"] = channel, ["metadata"] = metadata }, cancellationToken);
        return (string?)answer["arm"] ?? throw new InvalidOperationException($"a lost call: {answer["error"]}");
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        _disposed = true;
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        await _reading;
        _process.Dispose();
    }

    private static LinePeer Start(string command, string script, (string Name, string Value) variable)
    {
        var start = new ProcessStartInfo(command, [script])
        {
            WorkingDirectory = NodePackages.Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[variable.Name] = variable.Value;
        return new LinePeer(Process.Start(start) ?? throw new InvalidOperationException($"{command} did not start"));
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            var answer = JsonNode.Parse(line)!.AsObject();
            if (_open.TryRemove((int)answer["id"]!, out var open))
                open.TrySetResult(answer);
        }

        foreach (var open in _open.Values)
        {
            lock (_complaints)
                open.TrySetException(new InvalidOperationException($"the peer ended: {_complaints}"));
        }
    }
}
