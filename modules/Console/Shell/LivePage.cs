using Microsoft.AspNetCore.Components;

namespace Delivery.Console.Shell;

/// <summary>A page that reads once to be shown and then again each second while someone looks at it.</summary>
public abstract class LivePage : ComponentBase, IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);
    private readonly CancellationTokenSource _left = new();

    [Inject]
    internal Platform Platform { get; set; } = null!;

    /// <summary>When the last reading failed, in words for people; null while all is well.</summary>
    protected string? Trouble { get; private set; }

    /// <summary>Reads what the page shows.</summary>
    protected abstract Task Read(CancellationToken cancellationToken);

    protected override async Task OnParametersSetAsync() => await ReadOnce();

    protected override void OnAfterRender(bool firstRender)
    {
        if (firstRender)
            _ = InvokeAsync(Follow);
    }

    public void Dispose()
    {
        _left.Cancel();
        _left.Dispose();
        GC.SuppressFinalize(this);
    }

    private async Task Follow()
    {
        using var timer = Platform.Every(Period);
        var left = _left.Token;
        try
        {
            while (await timer.WaitForNextTickAsync(left))
            {
                await ReadOnce();
                StateHasChanged();
            }
        }
        catch (OperationCanceledException) when (left.IsCancellationRequested)
        {
            Trouble = null;
        }
    }

    private async Task ReadOnce()
    {
        try
        {
            await Read(_left.Token);
            Trouble = null;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Trouble = $"The server could not answer ({e.Message}); what you see is older than it looks.";
        }
    }
}
