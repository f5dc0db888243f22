using System.Reflection;
using System.Text.Json;
using Delivery.Contracts.Http;
using Delivery.Contracts.Rollouts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;

namespace Delivery.Rollouts;

/// <summary>Which rollouts a list takes.</summary>
internal sealed record ListFilter(string? Environment, RolloutStatus? Status, string? Flag, string? Owner)
{
    private static readonly string Statuses =
        string.Join(", ", Enum.GetValues<RolloutStatus>().Select(s => JsonNamingPolicy.KebabCaseLower.ConvertName(s.ToString())));

    public bool Takes(ReleaseView release) =>
        (Status is null || release.Status == Status) && (Flag is null || release.Flag == Flag) && (Owner is null || release.Owner == Owner);

    public static ValueTask<ListFilter?> BindAsync(HttpContext http)
    {
        string? Text(string name) => http.Request.Query[name].ToString() is { Length: > 0 } value ? value : null;
        RolloutStatus? status = null;
        if (Text("status") is { } word)
        {
            status = Enum.GetValues<RolloutStatus>().Where(s => JsonNamingPolicy.KebabCaseLower.ConvertName(s.ToString()) == word).Cast<RolloutStatus?>().FirstOrDefault()
                ?? throw new InvalidRequest("status", $"one of {Statuses}");
        }

        return ValueTask.FromResult<ListFilter?>(new ListFilter(Text("environment"), status, Text("flag"), Text("owner")));
    }
}

/// <summary>A body that may be left out altogether; where there is one it is read like any other.</summary>
internal sealed record Optional<T>(T? Value) : IEndpointParameterMetadataProvider
    where T : class
{
    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(new AcceptsMetadata(["application/json"], typeof(T), isOptional: true));

    public static async ValueTask<Optional<T>?> BindAsync(HttpContext http, ParameterInfo parameter)
    {
        var absent = http.Request.ContentLength == 0 || (http.Request.ContentLength is null && !http.Request.HasJsonContentType());
        return new Optional<T>(absent ? null : (await Body<T>.BindAsync(http, parameter))?.Value);
    }
}
