using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Delivery.Plugins.Tests;

/// <summary>Certificates for 127.0.0.1 and localhost, made for a test.</summary>
internal static class Certificates
{
    public const string ForClients = "1.3.6.1.5.5.7.3.2";
    public const string ForServers = "1.3.6.1.5.5.7.3.1";

    private static readonly DateTimeOffset From = DateTimeOffset.UnixEpoch.AddYears(50);
    private static readonly DateTimeOffset To = DateTimeOffset.UnixEpoch.AddYears(100);

    private static int _serial;

    /// <summary>Makes one.</summary>
    /// <param name="name">Its common name.</param>
    /// <param name="issuer">Who signs it; null for an authority that signs itself.</param>
    /// <param name="signs">Whether it may sign others; who has no issuer may.</param>
    /// <param name="usage">What it is for, as an extended key usage; null for anything.</param>
    public static X509Certificate2 Make(string name, X509Certificate2? issuer, bool signs = false, string? usage = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(signs || issuer is null, false, 0, true));
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        if (usage is not null)
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: false));
        if (issuer is null)
            return request.CreateSelfSigned(From, To);
        using var signed = request.Create(issuer, From, To, [1, .. BitConverter.GetBytes(Interlocked.Increment(ref _serial))]);
        return signed.CopyWithPrivateKey(key);
    }

    /// <summary>A certificate that nobody trusts who was not told to, and its key, in PEM.</summary>
    public static (string Certificate, string Key) SelfSigned()
    {
        using var made = Make("127.0.0.1", null);
        return (made.ExportCertificatePem(), made.KeyPem());
    }

    /// <summary>A certificate's private key, in PEM.</summary>
    public static string KeyPem(this X509Certificate2 certificate)
    {
        using var key = certificate.GetECDsaPrivateKey()!;
        return key.ExportPkcs8PrivateKeyPem();
    }

    /// <summary>The same with its key where a TLS server can use it.</summary>
    public static X509Certificate2 ForListening(this X509Certificate2 certificate) =>
        X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
}
