using Delivery.Contracts.Access;
using JasperFx.Events;

namespace Delivery.Server.Access;

/// <summary>A key was issued; the secret is not in here, only its hash.</summary>
internal sealed record KeyIssued(
    string Id, string Name, AccessRole Role, string? Environment, string SecretHash, IReadOnlyList<string>? AllowedOrigins = null, bool? RecordsExposures = null);

/// <summary>From here on the server records, or does not record, what it evaluates for the key's holder by OFREP.</summary>
internal sealed record KeyRecordingSet(string Id, bool RecordsExposures);

/// <summary>The web origins whose pages may use a client key were set; the whole list.</summary>
internal sealed record KeyOriginsSet(string Id, IReadOnlyList<string> AllowedOrigins);

/// <summary>A key stopped to open anything.</summary>
internal sealed record KeyRevoked(string Id);

/// <summary>
/// An access key. The secret is 32 random bytes shown once; stored is its SHA-256 (a slow hash protects guessable
/// secrets, 256 random bits are not guessable, and every request checks one).
/// </summary>
internal sealed record AccessKey
{
    /// <summary>The stream's key, <c>key:ID</c>.</summary>
    public required string Id { get; init; }

    public required string KeyId { get; init; }
    public required string Name { get; init; }
    public required AccessRole Role { get; init; }
    public string? Environment { get; init; }
    public required string SecretHash { get; init; }

    /// <summary>The web origins whose pages may call with the key; see <see cref="WebOrigins"/>.</summary>
    public IReadOnlyList<string> AllowedOrigins { get; init; } = [];

    /// <summary>Whether single evaluations for its holder by OFREP are recorded as exposures; null, as in keys of before: as the role's keys do.</summary>
    public bool? RecordsExposures { get; init; }

    public DateTimeOffset IssuedAt { get; init; }
    public string? IssuedBy { get; init; }
    public DateTimeOffset? RevokedAt { get; init; }
    public int Version { get; set; }

    public static string Stream(string id) => $"key:{id}";

    public static AccessKey Create(IEvent<KeyIssued> e) => new()
    {
        Id = Stream(e.Data.Id),
        KeyId = e.Data.Id,
        Name = e.Data.Name,
        Role = e.Data.Role,
        Environment = e.Data.Environment,
        SecretHash = e.Data.SecretHash,
        AllowedOrigins = e.Data.AllowedOrigins ?? [],
        RecordsExposures = e.Data.RecordsExposures,
        IssuedAt = e.Timestamp,
        IssuedBy = e.UserName,
    };

    public AccessKey Apply(KeyOriginsSet e) => this with { AllowedOrigins = e.AllowedOrigins };

    public AccessKey Apply(KeyRecordingSet e) => this with { RecordsExposures = e.RecordsExposures };

    public AccessKey Apply(IEvent<KeyRevoked> e) => this with { RevokedAt = e.Timestamp };

    /// <summary>An SDK asks because someone meets the flag. A person with an operator's key looks, and is no exposure.</summary>
    public bool IsRecorded() => RecordsExposures ?? Role is AccessRole.ClientSdk or AccessRole.ServerSdk;
}
