using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;

namespace Delivery.Plugins.Tests.Prometheus;

/// <summary>A real Prometheus of this machine, on a directory of its own. It ends with the test process, however that ends.</summary>
internal sealed class PrometheusServer : IAsyncDisposable
{
    /// <summary>What the secured one asks for.</summary>
    public const string User = "delivery";
    public const string Password = "open sesame";
    private const string PasswordHash = "$2b$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("delivery-prometheus-");
    private readonly HttpClient _http;
    private readonly int _port = FreePort.Take();
    private readonly bool _secured;
    private Process? _process;

    private PrometheusServer(string scrapes, bool secured)
    {
        _secured = secured;
        File.WriteAllText(FileOf("prometheus.yml"), $"global: {{ scrape_interval: 200ms, scrape_timeout: 200ms }}\nscrape_configs: [{scrapes}]\n");
        if (secured)
            Secure();
        _http = new HttpClient(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.GetRawCertDataString() == Shown(CertificateFile) } }) { BaseAddress = Url };
        if (secured)
            _http.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{User}:{Password}")));
    }

    /// <summary>Where the program is; null where it is not installed.</summary>
    public static string? Program { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(p => Path.Combine(p, "prometheus")).FirstOrDefault(File.Exists);

    public Uri Url => new($"{(_secured ? "https" : "http")}://127.0.0.1:{_port}/");

    /// <summary>The certificate that the secured one shows, and that signed itself.</summary>
    public string CertificateFile => FileOf("tls.crt");

    public HttpClient Http => _http;

    /// <summary>Starts; skips the test where Prometheus is not installed.</summary>
    public static async Task<PrometheusServer> StartAsync(string scrapes, bool secured, CancellationToken cancellationToken)
    {
        Assert.SkipWhen(Program is null, "prometheus is not installed (Debian: apt-get install prometheus)");
        var server = new PrometheusServer(scrapes, secured);
        await server.StartAsync(cancellationToken);
        return server;
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // The shell ends it when this process has gone, because its standard input ends then.
        string[] command =
        [
            "-c", "exec 3<&0; \"$@\" </dev/null >\"$LOG\" 2>&1 & p=$!; cat <&3 >/dev/null; kill $p; wait $p", "sh",
            Program!, $"--config.file={FileOf("prometheus.yml")}", $"--storage.tsdb.path={FileOf("data")}", $"--web.listen-address=127.0.0.1:{_port}",
            "--enable-feature=native-histograms", .. _secured ? [$"--web.config.file={FileOf("web.yml")}"] : Array.Empty<string>(),
        ];
        _process = Process.Start(new ProcessStartInfo("/bin/sh", command) { RedirectStandardInput = true, Environment = { ["LOG"] = FileOf("log") } })!;
        for (var i = 0; ; i++)
        {
            try
            {
                using var ready = await _http.GetAsync("-/ready", cancellationToken);
                if (ready.IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException)
            {
                // Not yet.
            }

            if (i >= 6_000 || _process.HasExited)
                Assert.Fail($"Prometheus does not get ready:\n{await File.ReadAllTextAsync(FileOf("log"), cancellationToken)}");
            await Task.Delay(20, cancellationToken);
        }
    }

    public async Task StopAsync()
    {
        if (_process is null)
            return;
        _process.StandardInput.Close();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
        _process = null;
    }

    /// <summary>The single value of an expression; null when it has none.</summary>
    public async Task<double?> ValueAsync(string expression, CancellationToken cancellationToken)
    {
        using var form = new FormUrlEncodedContent([new("query", expression)]);
        using var answer = await _http.PostAsync("api/v1/query", form, cancellationToken);
        answer.EnsureSuccessStatusCode();
        using var document = System.Text.Json.JsonDocument.Parse(await answer.Content.ReadAsStringAsync(cancellationToken));
        var result = document.RootElement.GetProperty("data").GetProperty("result");
        return result.GetArrayLength() == 0 ? null : double.Parse(result[0].GetProperty("value")[1].GetString()!, System.Globalization.CultureInfo.InvariantCulture);
    }

    public async Task UntilAsync(string expression, Func<double, bool> condition, CancellationToken cancellationToken)
    {
        for (var i = 0; await ValueAsync(expression, cancellationToken) is not { } value || !condition(value); i++)
        {
            (i < 6_000).ShouldBeTrue($"{expression} does not come true");
            await Task.Delay(20, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _http.Dispose();
        _directory.Delete(recursive: true);
    }

    private string FileOf(string name) => Path.Combine(_directory.FullName, name);

    private static string Shown(string file)
    {
        using var certificate = X509CertificateLoader.LoadCertificateFromFile(file);
        return certificate.GetRawCertDataString();
    }

    private void Secure()
    {
        var (certificate, key) = Certificates.SelfSigned();
        File.WriteAllText(CertificateFile, certificate);
        File.WriteAllText(FileOf("tls.key"), key);
        File.WriteAllText(FileOf("web.yml"), $"tls_server_config: {{ cert_file: tls.crt, key_file: tls.key }}\nbasic_auth_users: {{ {User}: '{PasswordHash}' }}\n");
    }
}
