using Delivery.Plugins.Routing;

namespace Delivery.Plugins.Compliance;

/// <summary>What requests see.</summary>
public abstract partial class RouterCompliance
{
    private const int Units = 300;
    private const int AnswersPerChange = 2;

    [Fact]
    public async Task no_request_is_lost_over_1000_changes_of_weights_under_load()
    {
        if (!Able.LosesNoRequest)
            Assert.Skip("this backend may lose requests at a change, and says so");
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Token);
        using var answered = new SemaphoreSlim(0);
        var load = Enumerable.Range(0, 4).Select(_ => Task.Run(LoadAsync, Token)).ToList();
        var state = await ReadAsync();
        for (var i = 1; i <= 1_000; i++)
        {
            state = Value(await Router.ApplyAsync(Intent(i * 3_700 % 10_100 / 100 * 100, i), state.Revision, Token));
            for (var answer = 0; answer < AnswersPerChange; answer++)
                await Task.WhenAny(answered.WaitAsync(Token), Task.WhenAny(load));
        }

        await end.CancelAsync();
        await Task.WhenAll(load);

        async Task LoadAsync()
        {
            while (!end.IsCancellationRequested)
            {
                (await Harness.SendAsync(new RouterRequest(), Token)).ShouldBeOneOf(Harness.Stable, Harness.Canary);
                answered.Release();
            }
        }
    }

    [Fact]
    public async Task overrides_lead_to_their_arm_whatever_the_weights()
    {
        if (!Able.HeaderOverrides && !Able.CookieOverrides)
            Assert.Skip("this backend has no overrides");
        await AppliedAsync(Intent(0, 1) with { Overrides = Rich(1).Overrides });
        if (Able.HeaderOverrides)
        {
            (await CanariesAsync(20, _ => new RouterRequest(Header: ("X-Arm", "canary")))).ShouldBe(20);
            (await CanariesAsync(20, _ => new RouterRequest(Header: ("X-Arm", "canary2")))).ShouldBe(0);
        }

        if (Able.CookieOverrides)
        {
            (await CanariesAsync(20, _ => new RouterRequest(Cookie: ("arm", "canary")))).ShouldBe(20);
            (await CanariesAsync(20, _ => new RouterRequest(Cookie: ("arm", "canary2")))).ShouldBe(0);
        }

        (await CanariesAsync(20)).ShouldBe(0);
    }

    [Fact]
    public async Task a_sticky_unit_stays_on_its_arm()
    {
        var sticky = StickyOrSkip();
        await AppliedAsync(Intent(5_000, 1) with { Stickiness = sticky });
        var first = await ArmsAsync(sticky);
        (await ArmsAsync(sticky)).ShouldBe(first);
        first.Count(a => a == Harness.Canary).ShouldBeInRange(Units * 3 / 10, Units * 7 / 10);
    }

    private static readonly int[] Rising = [0, 100, 1_000, 2_500, 5_000, 7_500, 9_900, 10_000];

    [Fact]
    public async Task a_rising_weight_takes_no_unit_from_the_canary()
    {
        var sticky = StickyOrSkip();
        if (!Able.MonotoneRamp)
            Assert.Skip("this backend's ramp is not monotone, and says so");
        var had = new bool[Units];
        foreach (var (i, weight) in Rising.Index())
        {
            await AppliedAsync(Intent(weight, i + 1) with { Stickiness = sticky });
            var arms = await ArmsAsync(sticky);
            for (var unit = 0; unit < Units; unit++)
            {
                var canary = arms[unit] == Harness.Canary;
                (canary || !had[unit]).ShouldBeTrue($"unit {unit} lost the canary at {weight} basis points");
                had[unit] = canary;
            }
        }

        had.ShouldAllBe(h => h);
    }

    private Stickiness StickyOrSkip()
    {
        if (Rich(1).Stickiness is not { } sticky)
        {
            Assert.Skip("this backend has no stickiness");
            throw new InvalidOperationException();
        }

        return sticky;
    }

    private Task<List<string>> ArmsAsync(Stickiness sticky) => SentAsync(Enumerable.Range(0, Units).Select(unit =>
    {
        var key = (sticky.Name, $"unit-{unit}");
        return sticky.Source == RequestPart.Header ? new RouterRequest(Header: key) : new RouterRequest(Cookie: key);
    }));
}
