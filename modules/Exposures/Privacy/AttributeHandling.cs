using JasperFx.Events;

namespace Delivery.Exposures.Privacy;

/// <summary>What the ledger keeps of an attribute that a decision read.</summary>
internal enum AttributeHandling
{
    /// <summary>Its keyed hash: equal values can be told to be equal, and nothing else.</summary>
    Hash = 1,

    /// <summary>That it was there.</summary>
    Omit = 2,
}

/// <summary>What is kept of an environment's attributes was set; the whole list. Attributes not in it are kept as they are.</summary>
internal sealed record LedgerPrivacySet(string Environment, IReadOnlyDictionary<string, AttributeHandling> Attributes);

/// <summary>An environment's privacy: the state of the stream <c>ledger-privacy:ENVIRONMENT</c>.</summary>
internal sealed record LedgerPrivacy
{
    /// <summary>The stream's key.</summary>
    public required string Id { get; init; }

    public required string Environment { get; init; }
    public IReadOnlyDictionary<string, AttributeHandling> Attributes { get; init; } = new Dictionary<string, AttributeHandling>();
    public DateTimeOffset ChangedAt { get; init; }
    public string? ChangedBy { get; init; }
    public int Version { get; set; }

    public static string Stream(string environment) => $"ledger-privacy:{environment}";

    public static LedgerPrivacy Create(IEvent<LedgerPrivacySet> e) => new LedgerPrivacy { Id = Stream(e.Data.Environment), Environment = e.Data.Environment }.Apply(e);

    public LedgerPrivacy Apply(IEvent<LedgerPrivacySet> e) => this with { Attributes = e.Data.Attributes, ChangedAt = e.Timestamp, ChangedBy = e.UserName };
}
