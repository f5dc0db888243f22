using Delivery.Evaluation;

namespace Delivery.Contracts.Targeting;

/// <summary>The configuration as it is evaluated now. Reads memory: for paths that have no time to ask.</summary>
public interface ILiveSnapshots
{
    /// <summary>An environment's flags, compiled; null where there is no such environment.</summary>
    Snapshot? Find(string environment);
}
