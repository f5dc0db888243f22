using System.Text.Json;
using Npgsql;

namespace Delivery.Exposures.Queries;

/// <summary>An exposure as the API shows it.</summary>
/// <param name="Position">Its place in the ledger.</param>
/// <param name="Id">The sender's id for it.</param>
/// <param name="Time">When the unit met the flag, by the sender's clock.</param>
/// <param name="Timing">Whether that time fits the time it came in.</param>
/// <param name="Attributes">The attributes the decision read, as they were sent.</param>
internal sealed record ExposureView(
    long Position,
    Guid Id,
    string Environment,
    string Flag,
    string Variant,
    string Unit,
    string? UnitKind,
    string Reason,
    string? RuleId,
    long FlagVersion,
    long Sequence,
    JsonElement? Attributes,
    DateTimeOffset Time,
    Timing Timing,
    DateTimeOffset ReceivedAt,
    string? Source)
{
    /// <summary>The columns that <see cref="Read"/> takes, of the table <c>e</c>.</summary>
    public const string Columns =
        "e.position, e.id, e.environment, e.flag, e.variant, e.unit, e.unit_kind, e.reason, e.rule_id, e.flag_version, e.sequence, e.attributes, e.time, e.timing, e.received_at, e.source";

    public static ExposureView Read(NpgsqlDataReader reader)
    {
        string? Text(int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
        return new ExposureView(
            reader.GetInt64(0), reader.GetGuid(1), reader.GetString(2), reader.GetString(3), reader.GetString(4), reader.GetString(5), Text(6),
            reader.GetString(7), Text(8), reader.GetInt64(9), reader.GetInt64(10), Json(Text(11)), reader.GetFieldValue<DateTimeOffset>(12),
            (Timing)reader.GetInt16(13), reader.GetFieldValue<DateTimeOffset>(14), Text(15));
    }

    private static JsonElement? Json(string? text) => text is null ? null : JsonElement.Parse(text);
}

/// <summary>A page of exposures.</summary>
/// <param name="Items">In the order of position.</param>
/// <param name="Next">Pass as <c>?after=</c> for the next page; absent on the last.</param>
internal sealed record ExposurePage(IReadOnlyList<ExposureView> Items, long? Next);
