using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Delivery.Contracts.Access;
using Delivery.Contracts.Http;
using Delivery.Evaluation;
using Delivery.Targeting.Live;
using Delivery.Targeting.Sdk;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace Delivery.Targeting.Ofrep;

/// <summary>OpenFeature Remote Evaluation Protocol 0.3.0: any OpenFeature SDK is a client. Reads memory only.</summary>
internal static class OfrepEndpoints
{
    /// <summary>How long a hidden page may keep its stream, in seconds.</summary>
    private const int InactivityDelaySeconds = 120;

    public static void MapOfrep(this IEndpointRouteBuilder endpoints)
    {
        var ofrep = endpoints.MapGroup("/ofrep/v1").WithTags("OFREP");
        ofrep.MapPost("evaluate/flags/{key}", (RequestDelegate)Single)
            .RequireAuthorization(AccessPolicy.ClientSdk).WithSummary("Evaluates one flag for a context");
        ofrep.MapPost("evaluate/flags", (RequestDelegate)Bulk)
            .RequireAuthorization(AccessPolicy.ClientSdk).WithSummary("Evaluates all flags the key may see for a context; ETag over context and configuration");
        ofrep.MapGet("stream", (RequestDelegate)Stream)
            .AllowAnonymous().WithSummary("Tells when to evaluate anew, as server-sent events; the address comes from a bulk evaluation");
    }

    private static async Task Single(HttpContext http)
    {
        var key = (string)http.Request.RouteValues["key"]!;
        var environment = http.Environment();
        var request = await OfrepRequest.ReadAsync(http, Service<TimeProvider>(http).GetUtcNow());
        var live = Service<LiveRulesets>(http).Find(environment);
        if (live is null || request.Context is null)
        {
            var error = live is null ? EvaluationError.General : request.Error;
            await Answer(http, StatusCodes.Status400BadRequest, json => OfrepJson.WriteError(json, key, error, live is null ? NoSuch(environment) : request.Details));
            return;
        }

        var snapshot = live.State.Snapshot;
        var result = MaySee(http, snapshot, key) ? snapshot.Evaluate(key, request.Context) : Snapshot.Empty.Evaluate(key, request.Context);
        await Answer(http, OfrepJson.Status(result.ErrorCode), json => OfrepJson.WriteResult(json, key, result, environment, request.Context));
    }

    private static async Task Bulk(HttpContext http)
    {
        var environment = http.Environment();
        var request = await OfrepRequest.ReadAsync(http, Service<TimeProvider>(http).GetUtcNow());
        var live = Service<LiveRulesets>(http).Find(environment);
        if (live is null || request.Context is null)
        {
            var error = live is null ? EvaluationError.General : request.Error;
            await Answer(http, StatusCodes.Status400BadRequest, json => OfrepJson.WriteError(json, null, error, live is null ? NoSuch(environment) : request.Details));
            return;
        }

        var state = live.State;
        var tag = Tag(http, environment, state, request.Hash);
        http.Response.Headers.ETag = tag;
        if (http.Request.Headers.IfNoneMatch.Contains(tag))
        {
            http.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        var stream = StreamAddress(http, environment);
        await Answer(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("flags"u8);
            foreach (var key in state.Snapshot.FlagKeys)
            {
                if (MaySee(http, state.Snapshot, key))
                    OfrepJson.WriteResult(json, key, state.Snapshot.Evaluate(key, request.Context), environment, request.Context);
            }

            json.WriteEndArray();
            json.WriteStartObject("metadata"u8);
            json.WriteString("flagSetId"u8, environment);
            json.WriteString("version"u8, state.Sequence.ToString(CultureInfo.InvariantCulture));
            json.WriteEndObject();
            json.WriteStartArray("eventStreams"u8);
            json.WriteStartObject();
            json.WriteString("type"u8, "sse"u8);
            json.WriteString("url"u8, stream);
            json.WriteNumber("inactivityDelaySec"u8, InactivityDelaySeconds);
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    private static async Task Stream(HttpContext http)
    {
        var tokens = Service<StreamTokens>(http);
        if (tokens.Environment(http.Request.Query["token"].ToString()) is not { } environment || Service<LiveRulesets>(http).Find(environment) is not { } live)
        {
            await Problems.Problem(StatusCodes.Status401Unauthorized, "unauthorized", "Take a fresh stream address from a bulk evaluation.").ExecuteAsync(http);
            return;
        }

        // A browser that reconnects tells what it has; it need not evaluate anew for that.
        var known = long.TryParse(http.Request.Headers["Last-Event-ID"], NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
            ? sequence
            : live.State.Sequence;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, Service<IHostApplicationLifetime>(http).ApplicationStopping);
        await FrameStream.RunAsync(http, live, known, takesParts: false, Refetch, end.Token);
    }

    private static ReadOnlyMemory<byte> Refetch(Frame frame) => frame.Ordinal == 0
        ? frame.Bytes
        : Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"id: {frame.Sequence}\ndata: {{\"type\":\"refetchEvaluation\",\"etag\":\"{frame.Sequence}\"}}\n\n"));

    private static bool MaySee(HttpContext http, Snapshot snapshot, string key) =>
        http.User.AccessRole() > AccessRole.ClientSdk || snapshot.Definition(key) is { ClientVisible: true };

    private static string Tag(HttpContext http, string environment, EnvironmentState state, ulong context)
    {
        var seen = string.Create(CultureInfo.InvariantCulture, $"{environment}/{http.User.AccessRole() > AccessRole.ClientSdk}/{state.Ordinal}/{state.Sequence}/{context}");
        return string.Create(CultureInfo.InvariantCulture, $"\"{XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(seen)):x16}\"");
    }

    private static string StreamAddress(HttpContext http, string environment)
    {
        var options = Service<Microsoft.Extensions.Options.IOptions<OfrepOptions>>(http).Value;
        var root = options.PublicUrl?.AbsoluteUri.TrimEnd('/')
            ?? UriHelper.BuildAbsolute(http.Request.Scheme, http.Request.Host, http.Request.PathBase).TrimEnd('/');
        return $"{root}/ofrep/v1/stream?token={Service<StreamTokens>(http).Issue(environment)}";
    }

    private static async Task Answer(HttpContext http, int status, Action<System.Text.Json.Utf8JsonWriter> write)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        using (var json = OfrepJson.Writer(http.Response.BodyWriter))
            write(json);
        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
    }

    private static string NoSuch(string environment) => $"there is no environment '{environment}'";

    private static T Service<T>(HttpContext http)
        where T : notnull => (T)(http.RequestServices.GetService(typeof(T)) ?? throw new InvalidOperationException($"{typeof(T).Name} is not registered"));
}
