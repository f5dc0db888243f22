using System.Diagnostics;
using System.Diagnostics.Metrics;
using Delivery.Contracts.Http;
using Delivery.Server.Access;
using Delivery.Server.Http;
using Microsoft.AspNetCore.Diagnostics;

namespace Delivery.Server.ShortRoad;

/// <summary>An endpoint that answers from memory, and how a request for it looks.</summary>
/// <param name="Endpoint">The endpoint.</param>
/// <param name="Method">The one method it takes.</param>
/// <param name="Prefix">Its path up to the last part, which is a parameter.</param>
/// <param name="Memory">How it answers.</param>
internal sealed record Road(RouteEndpoint Endpoint, string Method, string Prefix, AnswersFromMemory Memory)
{
    public static Road? Of(Endpoint endpoint)
    {
        if (endpoint is not RouteEndpoint { RoutePattern.RawText: { } path } route || endpoint.Metadata.GetMetadata<AnswersFromMemory>() is not { } memory)
            return null;
        var parameter = $"{{{memory.Parameter}}}";
        return path.EndsWith($"/{parameter}", StringComparison.Ordinal) && endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods is [var method]
            ? new Road(route, method, $"/{path[..^parameter.Length].TrimStart('/')}", memory)
            : throw new InvalidOperationException($"{path} takes one method and ends with its only parameter, {parameter}.");
    }

    /// <summary>The last part of a path that is this endpoint's and needs no decoding; null otherwise.</summary>
    public string? Value(string path) =>
        path.Length > Prefix.Length && path.StartsWith(Prefix, StringComparison.Ordinal) && path.AsSpan(Prefix.Length).IndexOfAny('/', '%') < 0
            ? path[Prefix.Length..]
            : null;
}

/// <summary>The roads there are, whether they are open, and how many requests took them: <c>delivery.short_road.requests</c>.</summary>
internal sealed class ShortRoads
{
    private readonly ActivitySource _traces;
    private readonly DiagnosticListener _diagnostics;

    /// <summary>Where the framework says each request, begun and ended.</summary>
    private readonly ILogger _requests;

    private Road[]? _all;
    private long _taken;

    public ShortRoads(
        KeyRing ring, ActivitySource traces, DiagnosticListener diagnostics, ILoggerFactory loggers, IServiceScopeFactory scopes,
        IEnumerable<IExceptionHandler> faults, RequestDurations durations, IMeterFactory meters)
    {
        (Ring, Scopes, Faults, Durations) = (ring, scopes, faults.OfType<ProblemAnswers>().Single(), durations);
        (_traces, _diagnostics, _requests) = (traces, diagnostics, loggers.CreateLogger("Microsoft.AspNetCore.Hosting.Diagnostics"));
        meters.Create("Delivery.Server").CreateObservableCounter(
            "delivery.short_road.requests", () => Interlocked.Read(ref _taken), "{request}", "Requests that were answered from memory, without the framework.");
    }

    /// <summary>Set before the server starts; they are asked at the first request, when all are mapped.</summary>
    public ICollection<EndpointDataSource> Endpoints { get; set; } = [];

    public KeyRing Ring { get; }

    public IServiceScopeFactory Scopes { get; }

    public ProblemAnswers Faults { get; }

    public RequestDurations Durations { get; }

    public Road[] All => _all ??= [.. Endpoints.SelectMany(source => source.Endpoints).Select(Road.Of).OfType<Road>()];

    /// <summary>Nobody traces requests or has each of them logged.</summary>
    public bool AreOpen => !_traces.HasListeners() && !_diagnostics.IsEnabled() && !_requests.IsEnabled(LogLevel.Information);

    /// <summary>A request took one.</summary>
    public void Count() => Interlocked.Increment(ref _taken);
}
