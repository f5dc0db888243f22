using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using k8s;

namespace Delivery.Plugins.Kubernetes;

/// <summary>Where the API server is, whom to trust, and who we are.</summary>
internal sealed record Connection(
    Uri Server,
    X509Certificate2Collection? Authorities,
    X509Certificate2? Own,
    Func<CancellationToken, Task<AuthenticationHeaderValue?>> SignIn)
{
    /// <summary>As the options say; throws when a file is not there or a kubeconfig is none.</summary>
    public static Connection Of(KubernetesOptions options)
    {
        if (options.Server is { } server)
        {
            var header = options.Token is null ? null : new AuthenticationHeaderValue("Bearer", options.Token.Reveal());
            return new Connection(server, Read(options.CertificateAuthority), null, _ => Task.FromResult(header));
        }

        if (options.Kubeconfig is null)
            return Of(KubernetesClientConfiguration.InClusterConfig());
        using var text = new MemoryStream(Encoding.UTF8.GetBytes(options.Kubeconfig.Reveal()));
        return Of(KubernetesClientConfiguration.BuildConfigFromConfigFile(text));
    }

    private static Connection Of(KubernetesClientConfiguration config) => config.SkipTlsVerify
        ? throw new InvalidOperationException("the kubeconfig says insecure-skip-tls-verify: give the authority's certificate instead")
        : new Connection(
            new Uri(config.Host),
            config.SslCaCerts,
            Certificate(config),
            async cancellationToken => config.TokenProvider is { } provider ? await provider.GetAuthenticationHeaderAsync(cancellationToken)
                : config.AccessToken is { Length: > 0 } token ? new AuthenticationHeaderValue("Bearer", token)
                : config.Username is { Length: > 0 } user ? new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{config.Password}")))
                : null);

    private static X509Certificate2? Certificate(KubernetesClientConfiguration config) =>
        config is { ClientCertificateData: { } certificate, ClientCertificateKeyData: { } key } ? X509Certificate2.CreateFromPem(Pem(certificate), Pem(key))
        : config is { ClientCertificateFilePath: { } file, ClientKeyFilePath: { } keyFile } ? X509Certificate2.CreateFromPemFile(file, keyFile)
        : null;

    private static string Pem(string base64) => Encoding.ASCII.GetString(Convert.FromBase64String(base64));

    private static X509Certificate2Collection? Read(string? file)
    {
        if (file is null)
            return null;
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(file);
        return authorities;
    }
}
