using System.Globalization;
using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using Delivery.Contracts.Access;
using Delivery.Evaluation;
using Delivery.Targeting.Live;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Extensions.Options;

namespace Delivery.Targeting.Ofrep;

/// <summary>All flags the key may see for a context, with a tag over context and flag set.</summary>
internal sealed class OfrepBulk(LiveRulesets live, KeyRates rates, StreamTokens tokens, TimeProvider time, IOptions<OfrepOptions> options)
{
    /// <summary>How long a hidden page may keep its stream, in seconds.</summary>
    private const int InactivityDelaySeconds = 120;

    public async Task AnswerAsync(HttpContext http)
    {
        var call = OfrepCall.Of(http, KeyHolder.Of(http.User));
        if (call.IsClient && !rates.TryTake(http, call.Key.KeyId))
        {
            await OfrepJson.AnswerTooManyAsync(http, null);
            return;
        }

        var request = await OfrepRequest.ReadAsync(http, time.GetUtcNow());
        if (live.Find(call.Environment) is not { } environment)
            await OfrepJson.AnswerErrorAsync(http, StatusCodes.Status400BadRequest, null, EvaluationError.General, OfrepJson.NoSuchEnvironment(call.Environment));
        else if (request.Context is null)
            await OfrepJson.AnswerErrorAsync(http, StatusCodes.Status400BadRequest, null, request.Error, request.Details);
        else
            await EvaluateAsync(http, call, environment.State, request);
    }

    private async Task EvaluateAsync(HttpContext http, OfrepCall call, EnvironmentState state, OfrepRequest request)
    {
        var period = tokens.Period;
        var tag = Tag(call, state, request.Hash, period);
        if (Presents(http, tag))
        {
            Unchanged(http, tag);
            return;
        }

        // A tag of the period before came with a stream address that is still good; an older one must not be answered with
        // "unchanged", or its holder would go on with an address that is not.
        var before = Tag(call, state, request.Hash, period - 1);
        if (Presents(http, before))
        {
            Unchanged(http, before);
            return;
        }

        http.Response.Headers.ETag = tag;
        http.Response.StatusCode = StatusCodes.Status200OK;
        http.Response.ContentType = OfrepJson.ContentType;
        using (var json = new Utf8JsonWriter(http.Response.BodyWriter, OfrepJson.Unchecked))
            Write(json, call, state, request.Context!, StreamAddress(http, call));
        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
    }

    private static void Write(Utf8JsonWriter json, OfrepCall call, EnvironmentState state, EvaluationContext context, string stream)
    {
        json.WriteStartObject();
        json.WriteStartArray("flags"u8);
        foreach (var key in state.Snapshot.FlagKeys)
        {
            if (call.MaySee(state.Snapshot.Definition(key)))
                OfrepJson.WriteResult(json, key, state.Snapshot.Evaluate(key, context), call.Environment, context);
        }

        json.WriteEndArray();
        json.WriteStartObject("metadata"u8);
        json.WriteString("flagSetId"u8, call.Environment);
        json.WriteString("version"u8, Sequence(call, state).ToString(CultureInfo.InvariantCulture));
        json.WriteEndObject();
        json.WriteStartArray("eventStreams"u8);
        json.WriteStartObject();
        json.WriteString("type"u8, "sse"u8);
        json.WriteString("url"u8, stream);
        json.WriteNumber("inactivityDelaySec"u8, InactivityDelaySeconds);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static long Sequence(OfrepCall call, EnvironmentState state) => call.IsClient ? state.ForClients.Sequence : state.Sequence;

    private static string Tag(OfrepCall call, EnvironmentState state, ulong context, long period)
    {
        var ordinal = call.IsClient ? state.ForClients.Ordinal : state.Ordinal;
        var seen = string.Create(CultureInfo.InvariantCulture, $"{call.Environment}/{call.IsClient}/{ordinal}/{Sequence(call, state)}/{context}/{period}");
        return string.Create(CultureInfo.InvariantCulture, $"\"{XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(seen)):x16}\"");
    }

    /// <summary>Compared weakly, as RFC 9110 section 13.1.2 wants it: a proxy that compresses makes our tag a weak one.</summary>
    private static bool Presents(HttpContext http, string tag)
    {
        foreach (var header in http.Request.Headers.IfNoneMatch)
        {
            foreach (var presented in header.AsSpan().Split(','))
            {
                var one = header.AsSpan()[presented].Trim();
                if ((one.StartsWith("W/", StringComparison.Ordinal) ? one[2..] : one).SequenceEqual(tag))
                    return true;
            }
        }

        return false;
    }

    private static void Unchanged(HttpContext http, string tag)
    {
        http.Response.Headers.ETag = tag;
        http.Response.StatusCode = StatusCodes.Status304NotModified;
    }

    private string StreamAddress(HttpContext http, OfrepCall call)
    {
        var root = options.Value.PublicUrl?.AbsoluteUri.TrimEnd('/')
            ?? UriHelper.BuildAbsolute(http.Request.Scheme, http.Request.Host, http.Request.PathBase).TrimEnd('/');
        return $"{root}/ofrep/v1/stream?token={tokens.Issue(new StreamTopic(call.Environment, call.IsClient))}";
    }
}
