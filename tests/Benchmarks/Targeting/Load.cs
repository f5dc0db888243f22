using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Delivery.Benchmarks.Targeting;

/// <summary>
/// A bounded load on one address of this machine, by <c>wrk</c>: one thread, sixteen connections, the same requests for every
/// address. It costs the machine less for each request than a server does.
/// </summary>
/// <param name="Address">Where; loopback only.</param>
/// <param name="Key">What it signs in with.</param>
internal sealed partial record Load(Uri Address, string Key)
{
    /// <summary>How many units ask, in turns; their keys are equally long.</summary>
    public const int Units = 1_000;

    /// <summary>The body of a request: <c>user-1000</c> is the first unit.</summary>
    public static string Body(string unit) => $$$"""{"context":{"targetingKey":"{{{unit}}}","country":"DE","age":42}}""";

    /// <returns>Requests that were answered, all with 200, and how many that is in a second.</returns>
    public async Task<(long Requests, double Rate)> RunAsync(int seconds, CancellationToken cancellationToken)
    {
        if (!Address.IsLoopback)
            throw new InvalidOperationException($"{Address} is not on this machine");
        var script = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(script, $$"""
                local headers = { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer {{Key}}" }
                local requests, at = {}, 0
                init = function()
                  for i = 0, {{Units - 1}} do
                    requests[i] = wrk.format("POST", nil, headers, '{{Body("user-' .. (1000 + i) .. '")}}')
                  end
                end
                request = function()
                  at = (at + 1) % {{Units}}
                  return requests[at]
                end
                """, cancellationToken);
            using var process = Process.Start(new ProcessStartInfo("wrk", ["-t1", "-c16", $"-d{seconds}s", "-s", script, Address.ToString()]) { RedirectStandardOutput = true })
                ?? throw new InvalidOperationException("wrk did not start");
            var said = await process.StandardOutput.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            if (said.Contains("Non-2xx", StringComparison.Ordinal) || said.Contains("Socket errors", StringComparison.Ordinal)
                || Rate().Match(said) is not { Success: true } rate || Requests().Match(said) is not { Success: true } requests)
                throw new InvalidOperationException($"{Address}: {said}");
            return (long.Parse(requests.Groups[1].Value, CultureInfo.InvariantCulture), double.Parse(rate.Groups[1].Value, CultureInfo.InvariantCulture));
        }
        finally
        {
            File.Delete(script);
        }
    }

    [GeneratedRegex(@"Requests/sec:\s+([0-9.]+)")]
    private static partial Regex Rate();

    [GeneratedRegex(@"([0-9]+) requests in")]
    private static partial Regex Requests();
}
