namespace Delivery.Statistics;

/// <summary>One unit's values: outcome and denominator after exposure, and the same before it, in micro-units.</summary>
/// <param name="MPost">Outcome (numerator) in the window after exposure.</param>
/// <param name="DPost">Denominator of a ratio in that window; 0 for other metrics.</param>
/// <param name="MPre">Outcome before exposure, for CUPED; 0 without history.</param>
/// <param name="DPre">Denominator before exposure; of a metric without one, one for a unit with history (see <see cref="Cuped"/>).</param>
public readonly record struct UnitValues(long MPost, long DPost, long MPre, long DPre);

/// <summary>
/// n and the first and second moments of (m_post, d_post, m_pre, d_pre): 15 exact integers that serve means, ratios, CUPED and
/// ratio-CUPED. First moments are in micro-units, second ones in squared micro-units.
/// </summary>
/// <remarks>
/// Int128 holds Σx² of 1e9 units of 1e12 micro-units each (1e33 of 1.7e38). Every operation is checked: an overflow throws
/// <see cref="OverflowException"/> and changes nothing the caller still holds. Addition of integers is exact, so order, batching,
/// retraction and replay give bit-identical results, and cells merge by addition.
/// </remarks>
public readonly record struct Moments
{
    /// <summary>Units.</summary>
    public Int128 N { get; init; }

    /// <summary>Σ m_post.</summary>
    public Int128 MPost { get; init; }

    /// <summary>Σ d_post.</summary>
    public Int128 DPost { get; init; }

    /// <summary>Σ m_pre.</summary>
    public Int128 MPre { get; init; }

    /// <summary>Σ d_pre.</summary>
    public Int128 DPre { get; init; }

    /// <summary>Σ m_post².</summary>
    public Int128 MPostMPost { get; init; }

    /// <summary>Σ m_post·d_post.</summary>
    public Int128 MPostDPost { get; init; }

    /// <summary>Σ m_post·m_pre.</summary>
    public Int128 MPostMPre { get; init; }

    /// <summary>Σ m_post·d_pre.</summary>
    public Int128 MPostDPre { get; init; }

    /// <summary>Σ d_post².</summary>
    public Int128 DPostDPost { get; init; }

    /// <summary>Σ d_post·m_pre.</summary>
    public Int128 DPostMPre { get; init; }

    /// <summary>Σ d_post·d_pre.</summary>
    public Int128 DPostDPre { get; init; }

    /// <summary>Σ m_pre².</summary>
    public Int128 MPreMPre { get; init; }

    /// <summary>Σ m_pre·d_pre.</summary>
    public Int128 MPreDPre { get; init; }

    /// <summary>Σ d_pre².</summary>
    public Int128 DPreDPre { get; init; }

    /// <summary>The moments of a single unit.</summary>
    public static Moments Of(UnitValues unit) => Of(1, unit);

    /// <summary>With one more unit.</summary>
    public Moments Add(UnitValues unit) => Merge(Of(1, unit));

    /// <summary>Without a unit: as if it had never been added with these values.</summary>
    public Moments Retract(UnitValues unit) => Minus(Of(1, unit));

    /// <summary>A unit that is already counted moves from one set of values to another.</summary>
    /// <remarks>For one value: S1 += d, S2 += d(2x + d), Sxy += d·y; written as the difference of two units it covers all ten products.</remarks>
    public Moments Update(UnitValues before, UnitValues after) => before == after ? this : Minus(Of(0, before)).Merge(Of(0, after));

    /// <summary>The outcome of a unit moves by <paramref name="delta"/> micro-units, and the metric is capped per unit.</summary>
    /// <param name="before">The unit's raw values, before the cap.</param>
    /// <param name="delta">Change of the raw outcome.</param>
    /// <param name="cap">
    /// Largest outcome counted, in micro-units; null for none. The cap is applied to the unit's total, f(x + d) − f(x) with
    /// f = min(·, cap), not to each event, so the result does not depend on the order of events.
    /// </param>
    public Moments MoveOutcome(UnitValues before, long delta, long? cap)
    {
        var capped = before with { MPost = Capped(before.MPost, cap) };
        return Update(capped, before with { MPost = Capped(checked(before.MPost + delta), cap) });
    }

    /// <summary>Sum of two disjoint cells.</summary>
    public Moments Merge(Moments o) => checked(new Moments
    {
        N = N + o.N,
        MPost = MPost + o.MPost,
        DPost = DPost + o.DPost,
        MPre = MPre + o.MPre,
        DPre = DPre + o.DPre,
        MPostMPost = MPostMPost + o.MPostMPost,
        MPostDPost = MPostDPost + o.MPostDPost,
        MPostMPre = MPostMPre + o.MPostMPre,
        MPostDPre = MPostDPre + o.MPostDPre,
        DPostDPost = DPostDPost + o.DPostDPost,
        DPostMPre = DPostMPre + o.DPostMPre,
        DPostDPre = DPostDPre + o.DPostDPre,
        MPreMPre = MPreMPre + o.MPreMPre,
        MPreDPre = MPreDPre + o.MPreDPre,
        DPreDPre = DPreDPre + o.DPreDPre,
    });

    /// <summary>What is left of a cell when another is taken out of it.</summary>
    public Moments Minus(Moments o) => checked(new Moments
    {
        N = N - o.N,
        MPost = MPost - o.MPost,
        DPost = DPost - o.DPost,
        MPre = MPre - o.MPre,
        DPre = DPre - o.DPre,
        MPostMPost = MPostMPost - o.MPostMPost,
        MPostDPost = MPostDPost - o.MPostDPost,
        MPostMPre = MPostMPre - o.MPostMPre,
        MPostDPre = MPostDPre - o.MPostDPre,
        DPostDPost = DPostDPost - o.DPostDPost,
        DPostMPre = DPostMPre - o.DPostMPre,
        DPostDPre = DPostDPre - o.DPostDPre,
        MPreMPre = MPreMPre - o.MPreMPre,
        MPreDPre = MPreDPre - o.MPreDPre,
        DPreDPre = DPreDPre - o.DPreDPre,
    });

    private static Moments Of(int n, UnitValues u) => new()
    {
        N = n,
        MPost = u.MPost,
        DPost = u.DPost,
        MPre = u.MPre,
        DPre = u.DPre,
        MPostMPost = (Int128)u.MPost * u.MPost,
        MPostDPost = (Int128)u.MPost * u.DPost,
        MPostMPre = (Int128)u.MPost * u.MPre,
        MPostDPre = (Int128)u.MPost * u.DPre,
        DPostDPost = (Int128)u.DPost * u.DPost,
        DPostMPre = (Int128)u.DPost * u.MPre,
        DPostDPre = (Int128)u.DPost * u.DPre,
        MPreMPre = (Int128)u.MPre * u.MPre,
        MPreDPre = (Int128)u.MPre * u.DPre,
        DPreDPre = (Int128)u.DPre * u.DPre,
    };

    private static long Capped(long value, long? cap) => cap is { } limit ? Math.Min(value, limit) : value;
}
