using System.Buffers;
using System.Text;
using System.Text.Json;
using Delivery.Contracts.Http;
using Delivery.Evaluation;
using Delivery.Targeting.Flags;
using Delivery.Targeting.Live;
using Mediator;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;

namespace Delivery.Targeting.Populations;

/// <summary>Units to add to a list of a segment and to remove from it.</summary>
/// <param name="List">included, when left out, or excluded.</param>
/// <param name="Add">At most 10,000.</param>
/// <param name="Remove">At most 10,000; removed before others are added.</param>
internal sealed record MembersChange(
    SegmentList List = SegmentList.Included, IReadOnlyList<string>? Add = null, IReadOnlyList<string>? Remove = null, string? Comment = null);

/// <summary>The lists of a segment, apart from the segment: a few units as JSON, a million as lines.</summary>
internal static class MemberEndpoints
{
    /// <summary>A million long ids.</summary>
    private const long LargestUpload = 256 * 1024 * 1024;

    public static void MapMembers(this RouteGroupBuilder segments)
    {
        segments.MapGet("{key}/members", List).WithSummary("The units of ?list=included|excluded, one a line: NDJSON, or CSV by Accept");
        segments.MapPost("{key}/members", Change).WithMetadata(new UploadLimit(LargestUpload))
            .WithSummary("Adds and removes units: { \"add\": [], \"remove\": [], \"list\": \"included\" }; or lines as application/x-ndjson or text/csv, with ?list= and ?mode=add|remove|replace")
            .Produces<UploadedMembers>();
    }

    private static IResult List(string key, HttpContext http, LiveRulesets live, string list = "included")
    {
        if (live.Find("segment", key) is not { Deleted: false } segment)
            return Problems.NotFound("segment", key);
        var units = segment.Members.In(Parse<SegmentList>("list", list));
        var isCsv = http.Request.Headers.Accept.ToString().Contains(UnitLines.Csv, StringComparison.OrdinalIgnoreCase);
        return Results.Stream(output => WriteAsync(units, isCsv, output, http.RequestAborted), isCsv ? UnitLines.Csv : UnitLines.NdJson);
    }

    private static async Task<IResult> Change(
        string key, HttpContext http, ISender sender, UploadMembers upload, CancellationToken cancellationToken, string list = "included", string mode = "add", string? comment = null)
    {
        if (IsLines(http.Request.ContentType, out var isCsv))
        {
            var units = UnitLines.ReadAsync(http.Request.BodyReader, isCsv, cancellationToken);
            var (refused, done) = await upload.RunAsync(
                http.Audit(comment) with { ExpectedVersion = null, IdempotencyKey = null }, key, Parse<SegmentList>("list", list), Parse<UploadMode>("mode", mode), units, cancellationToken);
            return refused is null ? Results.Json(done, Json.Options) : refused.ToResult();
        }

        var change = (await Body<MembersChange>.BindAsync(http, null!))!.Value;
        if (Faults.Holes("add", change.Add ?? []).Concat(Faults.Holes("remove", change.Remove ?? [])).ToList() is { Count: > 0 } holes)
            return Problems.Invalid(holes);
        var outcome = await sender.Send(new ChangeMembers(http.Audit(change.Comment), key, change.List, change.Add ?? [], change.Remove ?? []), cancellationToken);
        return outcome.ToResult();
    }

    private static bool IsLines(string? contentType, out bool isCsv)
    {
        isCsv = contentType?.StartsWith(UnitLines.Csv, StringComparison.OrdinalIgnoreCase) == true;
        return isCsv || contentType?.StartsWith(UnitLines.NdJson, StringComparison.OrdinalIgnoreCase) == true;
    }

    private static T Parse<T>(string name, string word)
        where T : struct, Enum =>
        Enum.TryParse<T>(word, ignoreCase: true, out var parsed) && Enum.IsDefined(parsed) && char.IsAsciiLetter(word[0])
            ? parsed
            : throw new InvalidRequest(name, string.Join(" or ", Enum.GetNames<T>().Select(JsonNamingPolicy.CamelCase.ConvertName)));

    private static async Task WriteAsync(UnitList units, bool isCsv, Stream output, CancellationToken cancellationToken)
    {
        const int portion = 64 * 1024;
        var buffer = new ArrayBufferWriter<byte>(2 * portion);
        foreach (var unit in units)
        {
            var line = isCsv ? $"\"{unit.Replace("\"", "\"\"", StringComparison.Ordinal)}\"\r\n" : JsonSerializer.Serialize(unit, Json.Options) + "\n";
            Encoding.UTF8.GetBytes(line.AsSpan(), buffer);
            if (buffer.WrittenCount < portion)
                continue;
            await output.WriteAsync(buffer.WrittenMemory, cancellationToken);
            buffer.ResetWrittenCount();
        }

        await output.WriteAsync(buffer.WrittenMemory, cancellationToken);
    }

    private sealed record UploadLimit(long? MaxRequestBodySize) : IRequestSizeLimitMetadata;
}
