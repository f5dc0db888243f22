using System.Globalization;
using System.Text;
using Delivery.Contracts.Commands;

namespace Delivery.Metrics.Intake.OpenTelemetry;

/// <summary>What one request's sender is told: which elements were not taken and why, by their place, and how many count for nobody.</summary>
internal sealed class OtlpFaults(string things)
{
    private const int MostShown = 10;

    private readonly List<string> _shown = [];
    private readonly Dictionary<Fate, long> _fates = [];

    public long Rejected => Of(Fate.Rejected);

    public long Of(Fate fate) => _fates.GetValueOrDefault(fate);

    public void Count(Fate fate) => _fates[fate] = Of(fate) + 1;

    /// <summary>Notes a fault.</summary>
    /// <param name="place">The element, as a path from the request.</param>
    /// <param name="fault">The member that is wrong, and what would be accepted.</param>
    public void Reject(string place, FieldError fault)
    {
        Count(Fate.Rejected);
        if (_shown.Count < MostShown)
            _shown.Add($"{place}.{fault.Field}: {fault.Message}");
    }

    /// <summary>Sentences for the sender's log; null when there is nothing to say.</summary>
    public string? Message(IReadOnlyList<string> unitNames)
    {
        var text = new StringBuilder();
        if (Rejected > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{Rejected} {things} were not taken as metric events. ").AppendJoin("; ", _shown);
            text.Append(Rejected > _shown.Count ? "; and more of the like." : ".");
        }

        if (Of(Fate.Unattributed) is > 0 and var nobody)
            text.Append(CultureInfo.InvariantCulture, $" {nobody} {things} name no unit ({string.Join(", ", unitNames)}) and no flag: they count for no arm.");
        if (Of(Fate.TooLate) is > 0 and var late)
            text.Append(CultureInfo.InvariantCulture, $" {late} {things} came too late: they are recorded and not counted.");
        return text.Length == 0 ? null : text.ToString().Trim();
    }
}
