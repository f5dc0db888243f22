using System.Security.Claims;
using Bunit;
using Delivery.Console.Parts;
using Delivery.Console.Shell;
using Delivery.Contracts.Access;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Rollouts;
using Mediator;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Delivery.Console.Tests.Parts;

public sealed class ReleaseLineTests : BunitContext
{
    private readonly RecordingSender _sender = new();

    public ReleaseLineTests()
    {
        Services.AddSingleton<ISender>(_sender);
        Services.AddSingleton<TimeProvider>(new FakeTimeProvider());
        Services.AddScoped<Platform>();
        var person = AddAuthorization();
        person.SetAuthorized("olga");
        person.SetClaims(new Claim(AccessPolicy.RoleClaim, nameof(AccessRole.Operator)));
    }

    [Fact]
    public void a_line_shows_name_owner_arms_and_the_health_word()
    {
        var line = Line(Given.Release(health: ReleaseHealthWord.Degraded));
        line.Find(".health").TextContent.ShouldContain("degraded");
        line.Markup.ShouldContain("shop-team");
        line.Markup.ShouldContain("9 of 74 failing (12.16 %)");
        line.FindAll(".track li").Count.ShouldBe(3);
    }

    [Fact]
    public async Task kill_sends_the_abort_with_the_persons_name_and_reason()
    {
        var line = Line(Given.Release());
        await line.Find("input.reason").ChangeAsync(new() { Value = "customers call" });
        await line.Find("button.kill").ClickAsync(new());

        var sent = _sender.Sent.ShouldHaveSingleItem().ShouldBeOfType<AbortRollout>();
        (sent.Rollout, sent.Reason, sent.Audit.Principal, sent.Audit.Role).ShouldBe(("new-checkout", "customers call", "olga", AccessRole.Operator));
    }

    [Fact]
    public async Task a_refusal_is_shown()
    {
        _sender.Answer = new Outcome.Refused("ended", "It has ended already.");
        var line = Line(Given.Release());
        await line.Find("button.kill").ClickAsync(new());
        line.Find("[role=status]").TextContent.ShouldBe("It has ended already.");
    }

    [Theory]
    [InlineData(RolloutStatus.Draft)]
    [InlineData(RolloutStatus.Aborted)]
    [InlineData(RolloutStatus.Completed)]
    public void what_is_not_under_way_has_no_kill_button(RolloutStatus status) =>
        Line(Given.Release(status)).FindAll("button.kill").ShouldBeEmpty();

    private IRenderedComponent<ReleaseLine> Line(ReleaseView release) => Render<ReleaseLine>(p => p.Add(l => l.Release, release));

    /// <summary>Keeps commands and gives one answer.</summary>
    private sealed class RecordingSender : ISender
    {
        public List<object> Sent { get; } = [];

        public Outcome Answer { get; set; } = new Outcome.Done("rollout", "new-checkout", 5);

        public ValueTask<TResponse> Send<TResponse>(ICommand<TResponse> command, CancellationToken cancellationToken = default)
        {
            Sent.Add(command);
            return ValueTask.FromResult((TResponse)(object)Answer);
        }

        public ValueTask<TResponse> Send<TResponse>(IRequest<TResponse> request, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask<TResponse> Send<TResponse>(IQuery<TResponse> query, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask<object?> Send(object message, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public IAsyncEnumerable<TResponse> CreateStream<TResponse>(IStreamQuery<TResponse> query, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public IAsyncEnumerable<TResponse> CreateStream<TResponse>(IStreamRequest<TResponse> request, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public IAsyncEnumerable<TResponse> CreateStream<TResponse>(IStreamCommand<TResponse> command, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public IAsyncEnumerable<object?> CreateStream(object message, CancellationToken cancellationToken = default) => throw new NotSupportedException();
    }
}
