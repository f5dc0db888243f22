using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Delivery.Plugins.Tests;

/// <summary>Certificates for 127.0.0.1, made for a test.</summary>
internal static class Certificates
{
    /// <summary>Makes one.</summary>
    /// <param name="name">Its common name.</param>
    /// <param name="issuer">Who signs it; null for an authority that signs itself.</param>
    public static X509Certificate2 Make(string name, X509Certificate2? issuer)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(issuer is null, false, 0, true));
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var (from, to) = (TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
        if (issuer is null)
            return request.CreateSelfSigned(from, to);
        using var signed = request.Create(issuer, from, to.AddMinutes(-1), Guid.CreateVersion7(from).ToByteArray());
        return signed.CopyWithPrivateKey(key);
    }
}
