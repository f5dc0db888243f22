using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using Delivery.Plugins.Routing;
using Microsoft.AspNetCore.Http;

namespace Delivery.Plugins.Yarp;

/// <summary>
/// Decides which arm a request goes to: the first override that matches, else its bucket. A sticky unit's bucket is a hash of route and
/// unit, so that it is the same in every process; other arms than the stable one own the buckets from 0 up, so that a rising
/// weight only takes units from stable. A request without a unit gets the bucket of its number.
/// </summary>
internal sealed class ArmChoice(RouteIntent intent)
{
    private readonly (string Arm, int Below)[] _edges = Edges(intent);
    private readonly ulong _salt = XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(intent.Route));

    public RouteIntent Intent { get; } = intent;

    /// <summary>The arm.</summary>
    /// <param name="request">The request.</param>
    /// <param name="number">Differs from request to request.</param>
    public string Of(HttpRequest request, long number)
    {
        foreach (var o in Intent.Overrides)
        {
            if (Part(request, o.Source, o.Name) == o.Value)
                return o.Arm;
        }

        return At(Intent.Stickiness is { } sticky && Part(request, sticky.Source, sticky.Name) is { Length: > 0 } unit ? Bucket(unit) : Bucket(number));
    }

    /// <summary>Whether a copy goes to the mirror's arm.</summary>
    public bool Mirrors(string arm, long number) => Intent.Mirror is { } mirror && mirror.Arm != arm && Bucket(~number) < mirror.Share;

    private string At(int bucket)
    {
        foreach (var (arm, below) in _edges)
        {
            if (bucket < below)
                return arm;
        }

        return Intent.Stable;
    }

    private int Bucket(string unit) =>
        (int)(XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(unit), unchecked((long)_salt)) % BasisPoints.All);

    private int Bucket(long number)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        return (int)(XxHash3.HashToUInt64(bytes, unchecked((long)_salt)) % BasisPoints.All);
    }

    private static string? Part(HttpRequest request, RequestPart source, string name) =>
        source == RequestPart.Header ? (string?)request.Headers[name] : request.Cookies[name];

    private static (string Arm, int Below)[] Edges(RouteIntent intent)
    {
        var below = 0;
        return [.. intent.Arms.Where(a => a.Arm != intent.Stable && a.Weight > 0).Select(a => (a.Arm, below += a.Weight))];
    }
}
