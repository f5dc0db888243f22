using Delivery.Contracts.Exposures;
using Delivery.Contracts.Targeting;
using Delivery.Targeting.Flags;
using Delivery.Targeting.Live;
using Mediator;
using Microsoft.Extensions.Options;

namespace Delivery.Targeting.Lifecycle;

/// <summary>Counts of exposures that were asked for lately, kept for <see cref="LifecycleOptions.UsageSeconds"/>.</summary>
internal sealed class RecentUsage
{
    private volatile Answer? _last;

    public async Task<ILookup<string, VariantUsage>> ReadAsync(ISender sender, LifecycleOptions options, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (_last is { } last && now - last.At < TimeSpan.FromSeconds(options.UsageSeconds))
            return last.Usage;
        var from = DateOnly.FromDateTime(now.UtcDateTime).AddDays(-options.OneVariantAfterDays);
        var usage = (await sender.Send(new GetFlagUsage(from), cancellationToken)).ToLookup(variant => variant.Flag, StringComparer.Ordinal);
        _last = new Answer(now, usage);
        return usage;
    }

    private sealed record Answer(DateTimeOffset At, ILookup<string, VariantUsage> Usage);
}

/// <summary>The lifecycle of flags as of now.</summary>
internal sealed class LifecycleBook(RecentUsage recent, CodeIndex code, ISender sender, IOptions<LifecycleOptions> options, TimeProvider time)
{
    public async Task<Func<Flag, FlagLifecycle>> OpenAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var usage = await recent.ReadAsync(sender, options.Value, now, cancellationToken);
        var known = code.Repositories.Any();
        var inCode = code.Flags();
        return flag => new Assessment(
            flag, [.. usage[flag.Key]], known ? inCode.GetValueOrDefault(flag.Key) ?? FlagInCode.Nowhere : null, options.Value, now).Result();
    }
}

internal sealed class GetFlagLifecycleHandler(LifecycleBook book, LiveRulesets live) : IQueryHandler<GetFlagLifecycle, FlagLifecycle?>
{
    public async ValueTask<FlagLifecycle?> Handle(GetFlagLifecycle query, CancellationToken cancellationToken) =>
        live.Flags.FirstOrDefault(flag => flag.Key == query.Flag) is { } flag ? (await book.OpenAsync(cancellationToken))(flag) : null;
}
