using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Delivery.Benchmarks.Targeting;

/// <summary>A bounded load on one address of this machine, by <c>wrk</c>: one thread, sixteen connections.</summary>
/// <param name="Name">What is loaded.</param>
/// <param name="Address">Where; loopback only.</param>
/// <param name="Key">What it signs in with; null: nothing.</param>
internal sealed partial record Load(string Name, Uri Address, string? Key)
{
    /// <returns>Requests a second; all were answered with 200.</returns>
    public async Task<double> RunAsync(string body, int seconds, CancellationToken cancellationToken)
    {
        if (!Address.IsLoopback)
            throw new InvalidOperationException($"{Address} is not on this machine");
        var script = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(script, $"""
                wrk.method = "POST"
                wrk.body = '{body}'
                wrk.headers["Content-Type"] = "application/json"
                {(Key is null ? "" : $"wrk.headers[\"Authorization\"] = \"Bearer {Key}\"")}
                """, cancellationToken);
            using var process = Process.Start(new ProcessStartInfo("wrk", ["-t1", "-c16", $"-d{seconds}s", "-s", script, Address.ToString()]) { RedirectStandardOutput = true })
                ?? throw new InvalidOperationException("wrk did not start");
            var said = await process.StandardOutput.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            if (said.Contains("Non-2xx", StringComparison.Ordinal) || Rate().Match(said) is not { Success: true } rate)
                throw new InvalidOperationException($"{Name}: {said}");
            return double.Parse(rate.Groups[1].Value, CultureInfo.InvariantCulture);
        }
        finally
        {
            File.Delete(script);
        }
    }

    [GeneratedRegex(@"Requests/sec:\s+([0-9.]+)")]
    private static partial Regex Rate();
}
