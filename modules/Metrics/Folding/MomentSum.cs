using Delivery.Statistics;

namespace Delivery.Metrics.Folding;

/// <summary>
/// The sums and products of <see cref="Moments"/> in place. A value is within ±1e15 millionths, so that 1.7e8 units fit: a shard holds
/// fewer, and shards are merged with a check.
/// </summary>
internal struct MomentSum
{
    private Int128 _m, _d, _x, _y;
    private Int128 _mm, _md, _mx, _my, _dd, _dx, _dy, _xx, _xy, _yy;

    /// <summary>A unit's outcome moves, the most frequent of all: S1 += d, S2 += d(2x + d), Sxy += d·y.</summary>
    /// <param name="delta">How far.</param>
    /// <param name="mPost">The outcome before.</param>
    /// <param name="dPost">The unit's denominator.</param>
    /// <param name="mPre">The outcome before exposure.</param>
    /// <param name="dPre">The denominator before exposure.</param>
    public void ShiftOutcome(long delta, long mPost, long dPost, long mPre, long dPre)
    {
        _m += delta;
        _mm += Math.BigMul(delta, (2 * mPost) + delta);
        Cross(ref _md, delta, dPost);
        Cross(ref _mx, delta, mPre);
        Cross(ref _my, delta, dPre);
    }

    /// <summary>A unit's component moves: S1 += d, S2 += d(2x + d), Sxy += d·y.</summary>
    /// <param name="component">1 denominator, 2 and 3 outcome and denominator before exposure.</param>
    /// <param name="delta">How far.</param>
    /// <param name="v">The unit's values before.</param>
    public void Shift(int component, long delta, in UnitValues v)
    {
        switch (component)
        {
            case 1:
                _d += delta;
                _dd += Math.BigMul(delta, (2 * v.DPost) + delta);
                Cross(ref _md, delta, v.MPost);
                Cross(ref _dx, delta, v.MPre);
                Cross(ref _dy, delta, v.DPre);
                break;
            case 2:
                _x += delta;
                _xx += Math.BigMul(delta, (2 * v.MPre) + delta);
                Cross(ref _mx, delta, v.MPost);
                Cross(ref _dx, delta, v.DPost);
                Cross(ref _xy, delta, v.DPre);
                break;
            case 3:
                _y += delta;
                _yy += Math.BigMul(delta, (2 * v.DPre) + delta);
                Cross(ref _my, delta, v.MPost);
                Cross(ref _dy, delta, v.DPost);
                Cross(ref _xy, delta, v.MPre);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(component), component, "no such component");
        }
    }

    /// <summary>Adds a unit (1) or takes it back (-1).</summary>
    public void Count(in UnitValues v, int sign)
    {
        _m += sign * v.MPost;
        _d += sign * v.DPost;
        _x += sign * v.MPre;
        _y += sign * v.DPre;
        Cross(ref _mm, sign * v.MPost, v.MPost);
        Cross(ref _md, sign * v.MPost, v.DPost);
        Cross(ref _mx, sign * v.MPost, v.MPre);
        Cross(ref _my, sign * v.MPost, v.DPre);
        Cross(ref _dd, sign * v.DPost, v.DPost);
        Cross(ref _dx, sign * v.DPost, v.MPre);
        Cross(ref _dy, sign * v.DPost, v.DPre);
        Cross(ref _xx, sign * v.MPre, v.MPre);
        Cross(ref _xy, sign * v.MPre, v.DPre);
        Cross(ref _yy, sign * v.DPre, v.DPre);
    }

    public readonly Moments With(long units) => new()
    {
        N = units,
        MPost = _m,
        DPost = _d,
        MPre = _x,
        DPre = _y,
        MPostMPost = _mm,
        MPostDPost = _md,
        MPostMPre = _mx,
        MPostDPre = _my,
        DPostDPost = _dd,
        DPostMPre = _dx,
        DPostDPre = _dy,
        MPreMPre = _xx,
        MPreDPre = _xy,
        DPreDPre = _yy,
    };

    private static void Cross(ref Int128 sum, long a, long b)
    {
        if (a != 0 && b != 0)
            sum += Math.BigMul(a, b);
    }
}

/// <summary>The sums of one variant of one epoch in one shard.</summary>
internal sealed class ArmSums(FlagPlan plan)
{
    public MomentSum[] Sums { get; } = new MomentSum[plan.Metrics.Length];

    public long[] Saturated { get; } = new long[plan.Metrics.Length];

    public LogHistogram?[] Values { get; } = [.. plan.Metrics.Select(m => m.Values >= 0 ? new LogHistogram() : null)];

    public long Units { get; set; }
}
