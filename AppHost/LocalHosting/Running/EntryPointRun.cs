using System.Reflection;
using Aspire.Hosting;

namespace Delivery.LocalHosting.Running;

/// <summary>
/// AppHost's entry point, run inside a test: it pauses where it builds, so that the test can change the description
/// and then start, stop and dispose the application.
/// </summary>
internal sealed class EntryPointRun(Assembly assembly, Func<Task> main)
{
    private static readonly AsyncLocal<EntryPointRun?> Ambient = new();

    private readonly TaskCompletionSource<IDistributedApplicationBuilder> _described = NewSource<IDistributedApplicationBuilder>();
    private readonly TaskCompletionSource<bool> _buildAsked = NewSource<bool>();
    private readonly TaskCompletionSource<DistributedApplication> _built = NewSource<DistributedApplication>();
    private readonly TaskCompletionSource<bool> _ended = NewSource<bool>();

    public static EntryPointRun? Current => Ambient.Value;

    public Assembly Assembly { get; } = assembly;

    public static EntryPointRun Of(Assembly assembly, string[] arguments)
    {
        var entryPoint = assembly.EntryPoint ?? throw new ArgumentException($"{assembly.GetName().Name} has no entry point.", nameof(assembly));
        object[] parameters = entryPoint.GetParameters().Length == 0 ? [] : [arguments];
        return new EntryPointRun(
            assembly,
            () => entryPoint.Invoke(obj: null, BindingFlags.DoNotWrapExceptions, binder: null, parameters, culture: null) as Task ?? Task.CompletedTask);
    }

    public Task<IDistributedApplicationBuilder> Described => _described.Task;

    public Task Ended => _ended.Task;

    /// <summary>Runs the entry point on a thread of its own until the application has ended.</summary>
    public void Begin() => new Thread(Run) { IsBackground = true, Name = $"{Assembly.GetName().Name} entry point" }.Start();

    public Task<DistributedApplication> BuildAsync(CancellationToken cancellationToken)
    {
        _buildAsked.TrySetResult(true);
        return _built.Task.WaitAsync(cancellationToken);
    }

    public void PauseUntilBuildIsAsked(IDistributedApplicationBuilder builder)
    {
        _described.TrySetResult(builder);
        if (!_buildAsked.Task.GetAwaiter().GetResult())
            throw new OperationCanceledException("The test ended without building the application.");
    }

    public void Report(DistributedApplication application) => _built.TrySetResult(application);

    /// <summary>Lets the entry point return.</summary>
    public void End()
    {
        _buildAsked.TrySetResult(false);
        _ended.TrySetResult(true);
    }

    private void Run()
    {
        Ambient.Value = this;
        try
        {
            main().GetAwaiter().GetResult();
            Fail(new InvalidOperationException("The entry point returned without building an application."));
        }
#pragma warning disable CA1031 // Whatever it throws is the test's to see.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Fail(exception);
        }
    }

    private void Fail(Exception exception)
    {
        _described.TrySetException(exception);
        _built.TrySetException(exception);
        // Observed, since a test that has its application asks for neither again.
        _ = _described.Task.Exception;
        _ = _built.Task.Exception;
    }

    private static TaskCompletionSource<T> NewSource<T>() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
