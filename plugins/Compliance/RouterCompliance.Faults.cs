using Delivery.Plugins.Routing;

namespace Delivery.Plugins.Compliance;

/// <summary>Backends with faults, and what is left behind.</summary>
public abstract partial class RouterCompliance
{
    /// <summary>How long a router may be asked to wait for a backend that does not answer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    /// <summary>Later than this it has not left: generous, for a machine under load.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData(BackendFault.Down, PluginErrorKind.Unavailable)]
    [InlineData(BackendFault.Nonsense, PluginErrorKind.Internal)]
    [InlineData(BackendFault.CertificateWrong, PluginErrorKind.Unauthorized)]
    [InlineData(BackendFault.CredentialsWrong, PluginErrorKind.Unauthorized)]
    [InlineData(BackendFault.CutInTheMiddle, PluginErrorKind.Unavailable)]
    public async Task a_read_names_the_backends_fault(BackendFault fault, PluginErrorKind kind)
    {
        var router = await WithFaultOrSkipAsync(fault);
        Error(await router.ReadAsync(Harness.Route, Token)).Kind.ShouldBe(kind);
        (await router.VerifyAsync(Intent(100, 1), Token)).ShouldBeOfType<Verification.Unverifiable>().Error.Kind.ShouldBe(kind);
    }

    [Theory]
    [InlineData(BackendFault.Down)]
    [InlineData(BackendFault.Nonsense)]
    [InlineData(BackendFault.CertificateWrong)]
    [InlineData(BackendFault.CredentialsWrong)]
    [InlineData(BackendFault.CutInTheMiddle)]
    public async Task a_write_names_the_backends_fault_and_never_claims_more_than_it_knows(BackendFault fault)
    {
        var router = await WithFaultOrSkipAsync(fault);
        PluginErrorKind[] kinds = fault switch
        {
            BackendFault.Down => [PluginErrorKind.Unavailable],
            BackendFault.CertificateWrong or BackendFault.CredentialsWrong => [PluginErrorKind.Unauthorized],
            BackendFault.Nonsense => [PluginErrorKind.Internal, PluginErrorKind.OutcomeUnknown],
            _ => [PluginErrorKind.Unavailable, PluginErrorKind.OutcomeUnknown],
        };
        Error(await router.ApplyAsync(Intent(100, 1), "1", Token)).Kind.ShouldBeOneOf(kinds);
        Error(await router.AbortAsync(new AbortOrder(Harness.Route, Harness.Stable, 2, AbortLevel.StopSticky), Token)).Kind.ShouldBeOneOf(kinds);
    }

    [Fact]
    public async Task a_backend_that_does_not_answer_is_left_when_the_token_says_so()
    {
        var router = await WithFaultOrSkipAsync(BackendFault.Silent);
        await LeavesAsync(async token => Error(await router.ReadAsync(Harness.Route, token)).Kind.ShouldBe(PluginErrorKind.Timeout));
        await LeavesAsync(async token => Error(await router.ApplyAsync(Intent(100, 1), "1", token)).Kind.ShouldBeOneOf(PluginErrorKind.Timeout, PluginErrorKind.OutcomeUnknown));
        await LeavesAsync(async token => Error(await router.AbortAsync(new AbortOrder(Harness.Route, Harness.Stable, 2, AbortLevel.StopSticky), token)).Kind
            .ShouldBeOneOf(PluginErrorKind.Timeout, PluginErrorKind.OutcomeUnknown));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(BackendFault.Down)]
    [InlineData(BackendFault.Silent)]
    [InlineData(BackendFault.Nonsense)]
    [InlineData(BackendFault.CertificateWrong)]
    [InlineData(BackendFault.CredentialsWrong)]
    [InlineData(BackendFault.CutInTheMiddle)]
    public async Task no_thread_and_no_socket_is_left_behind_over_1000_repeats(BackendFault? fault)
    {
        var router = fault is null ? Router : await WithFaultOrSkipAsync(fault.Value);
        await LeftOvers.NoneAfterRepeatsAsync(token => router.ReadAsync(Harness.Route, token).AsTask(), silent: fault == BackendFault.Silent, Token);
    }

    private static async Task LeavesAsync(Func<CancellationToken, Task> call)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await call(patience.Token).WaitAsync(Longest, Token);
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            Token.ThrowIfCancellationRequested();
        }
    }

    private async Task<ITrafficRouter> WithFaultOrSkipAsync(BackendFault fault)
    {
        if (await Harness.WithFaultAsync(fault, Token) is { } router)
            return router;
        Assert.Skip($"this backend can't be {fault}: {Harness.WhyNoFault}");
        throw new InvalidOperationException();
    }
}
