namespace Delivery.Evaluation;

/// <summary>Which layers and holdouts each flag is in.</summary>
internal sealed class Memberships
{
    private readonly ILookup<string, LayerPlan> _layers;
    private readonly ILookup<string, HoldoutPlan> _holdouts;

    internal Memberships(LayerPlan[] layers, HoldoutPlan[] holdouts)
    {
        _layers = layers
            .SelectMany(layer => layer.Definition.Slots.Select(slot => slot.Flag).Distinct(StringComparer.Ordinal), (layer, flag) => (flag, layer))
            .ToLookup(pair => pair.flag, pair => pair.layer, StringComparer.Ordinal);
        _holdouts = holdouts
            .SelectMany(holdout => holdout.Definition.Flags.Distinct(StringComparer.Ordinal), (holdout, flag) => (flag, holdout))
            .ToLookup(pair => pair.flag, pair => pair.holdout, StringComparer.Ordinal);
    }

    internal FlagPlan Compile(FlagDefinition flag) => FlagPlan.Compile(flag, _layers[flag.Key], _holdouts[flag.Key]);

    internal FlagPlan Compile(FlagPlan known) => known.In(_layers[known.Definition.Key], _holdouts[known.Definition.Key]);
}
