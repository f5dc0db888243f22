using Delivery.Contracts.Targeting;
using Delivery.Evaluation;
using Mediator;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;

namespace Delivery.Exposures.Verifying;

/// <summary>Flags as of a configuration sequence, compiled. What a sequence names never changes, so an entry is right for ever; how many are kept is bounded.</summary>
internal sealed class CompiledRulesets(IOptions<VerifyingOptions> options) : IDisposable
{
    private readonly MemoryCache _compiled = new(new MemoryCacheOptions { SizeLimit = options.Value.CompiledRulesets });

    /// <summary>Null where the flag or the sequence is not known.</summary>
    public async ValueTask<Snapshot?> FindAsync(ISender sender, string flag, string environment, long sequence, CancellationToken cancellationToken)
    {
        var key = new GetRulesetAsOf(flag, environment, sequence);
        if (_compiled.TryGetValue(key, out Snapshot? compiled))
            return compiled;
        if (await sender.Send(key, cancellationToken) is not { } ruleset)
            return null;
        return _compiled.Set(key, Snapshot.Compile(ruleset), new MemoryCacheEntryOptions { Size = Size(ruleset) });
    }

    /// <summary>A segment's long list counts for many flags: some 100 kB are one.</summary>
    private static long Size(Ruleset ruleset) => 1 + (ruleset.Segments.Sum(segment => segment.Included.Count + segment.Excluded.Count) / 2_000);

    public void Dispose() => _compiled.Dispose();
}
