using Delivery.Contracts.Targeting;
using Delivery.Evaluation;

namespace Delivery.Targeting.Live;

internal sealed class LiveSnapshots(LiveRulesets rulesets) : ILiveSnapshots
{
    public Snapshot? Find(string environment) => rulesets.Find(environment)?.State.Snapshot;
}
