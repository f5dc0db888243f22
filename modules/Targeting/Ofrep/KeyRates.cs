using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Delivery.Targeting.Ofrep;

/// <summary>
/// How often one client key may ask: a client key is public, so what it may cost is bounded. A generic cell rate (ITU-T I.371):
/// a key is ahead of its rate by at most a second's worth of requests. One number a key, no timer.
/// </summary>
internal sealed class KeyRates(TimeProvider time, IOptions<OfrepOptions> options)
{
    private readonly ConcurrentDictionary<string, StrongBox<long>> _nextAt = new(StringComparer.Ordinal);
    private readonly long _step = options.Value.RequestsPerSecondPerClientKey is > 0 and var rate ? Math.Max(1, time.TimestampFrequency / rate) : 0;

    /// <summary>Takes one request's worth of a key's rate; if there is none left, says so in the answer's headers.</summary>
    /// <returns>False: the request must be answered with 429.</returns>
    public bool TryTake(HttpContext http, string keyId)
    {
        if (_step == 0)
            return true;
        var next = _nextAt.GetOrAdd(keyId, static _ => new StrongBox<long>());
        while (true)
        {
            var now = time.GetTimestamp();
            var held = Volatile.Read(ref next.Value);
            var ahead = Math.Max(held, now) - now;
            if (ahead + _step > time.TimestampFrequency)
            {
                var seconds = Math.Max(1, (ahead + _step - time.TimestampFrequency + time.TimestampFrequency - 1) / time.TimestampFrequency);
                http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
                return false;
            }

            if (Interlocked.CompareExchange(ref next.Value, now + ahead + _step, held) == held)
                return true;
        }
    }
}
