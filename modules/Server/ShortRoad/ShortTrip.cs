using Delivery.Server.Access;
using Microsoft.AspNetCore.Http.Features;

namespace Delivery.Server.ShortRoad;

/// <summary>
/// The requests of one connection on the short road, one after the other. It remembers what the last one had: a connection mostly
/// asks with the same key, often for the same thing, and the web server gives an unchanged header or path as the same object.
/// </summary>
internal sealed class ShortTrip(ShortRoads roads)
{
    private readonly DefaultHttpContext _http = new() { ServiceScopeFactory = roads.Scopes };
    private Road? _road;
    private string? _path;
    private string? _value;
    private string? _authorization;
    private KnownKey? _key;
    private long _began;

    /// <summary>The connection's present request takes this road.</summary>
    public bool IsUnderWay { get; private set; }

    /// <summary>Begins, if it is a request for an endpoint that answers from memory, with a known key that reaches.</summary>
    public bool TryBegin(IFeatureCollection features)
    {
        if (!roads.AreOpen || features.Get<IHttpRequestFeature>() is not { } request || !IsMine(request.Path) || request.Method != _road!.Method)
            return false;
        var headers = request.Headers;
        if (headers.Origin.Count > 0 || !IsKnown(headers) || _key!.Holder.Role < _road.Memory.Least)
            return false;
        _http.Initialize(features);
        _began = roads.Durations.Begin();
        roads.Count();
        return IsUnderWay = true;
    }

    public Task AnswerAsync()
    {
        try
        {
            var answer = _road!.Memory.Answer(_http, _key!.Holder, _value!);
            return answer.IsCompletedSuccessfully ? Task.CompletedTask : WaitAsync(answer);
        }
        catch (Exception fault)
        {
            return FailAsync(fault);
        }
    }

    public void End()
    {
        roads.Durations.End(_began, _http, _road!);
        IsUnderWay = false;
        _http.Uninitialize();
    }

    private bool IsMine(string path)
    {
        if (ReferenceEquals(path, _path))
            return true;
        foreach (var road in roads.All)
        {
            if (road.Value(path) is not { } value)
                continue;
            (_road, _path, _value) = (road, path, value);
            return true;
        }

        return false;
    }

    private bool IsKnown(IHeaderDictionary headers)
    {
        var authorization = headers.Authorization.ToString();
        if (_authorization is not null && ReferenceEquals(authorization, _authorization) && roads.Ring.Opens(_key!))
            return true;
        if (roads.Ring.Known(KeySecret.PresentedIn(headers)) is not { } key)
            return false;
        // Only what holds the key itself says that the next request presents it, too.
        (_authorization, _key) = (authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? authorization : null, key);
        return true;
    }

    private async Task WaitAsync(Task answer)
    {
        try
        {
            await answer;
        }
        catch (Exception fault)
        {
            await FailAsync(fault);
        }
    }

    /// <summary>As the ordinary road answers a failure; what has begun to go out can only be broken off.</summary>
    private async Task FailAsync(Exception fault)
    {
        if (_http.Response.HasStarted)
            throw new InvalidOperationException("An answer failed after it had begun.", fault);
        _http.Response.Clear();
        _http.SetEndpoint(_road!.Endpoint);
        _http.Request.RouteValues[_road.Memory.Parameter] = _value;
        await roads.Faults.TryHandleAsync(_http, fault, _http.RequestAborted);
    }
}
