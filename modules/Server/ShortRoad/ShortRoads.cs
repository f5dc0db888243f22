using System.Diagnostics;
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

/// <summary>The roads there are, and whether they are open.</summary>
internal sealed class ShortRoads(
    KeyRing ring, ActivitySource traces, DiagnosticListener diagnostics, ILoggerFactory loggers, IServiceScopeFactory scopes,
    IEnumerable<IExceptionHandler> faults, RequestDurations durations)
{
    /// <summary>Where the framework says each request, begun and ended.</summary>
    private readonly ILogger _requests = loggers.CreateLogger("Microsoft.AspNetCore.Hosting.Diagnostics");

    private readonly ProblemAnswers _faults = faults.OfType<ProblemAnswers>().Single();
    private Road[]? _all;

    /// <summary>Set before the server starts; they are asked at the first request, when all are mapped.</summary>
    public ICollection<EndpointDataSource> Endpoints { get; set; } = [];

    public KeyRing Ring => ring;

    public IServiceScopeFactory Scopes => scopes;

    public ProblemAnswers Faults => _faults;

    public RequestDurations Durations => durations;

    public Road[] All => _all ??= [.. Endpoints.SelectMany(source => source.Endpoints).Select(Road.Of).OfType<Road>()];

    /// <summary>Nobody traces requests or has each of them logged.</summary>
    public bool AreOpen => !traces.HasListeners() && !diagnostics.IsEnabled() && !_requests.IsEnabled(LogLevel.Information);
}
