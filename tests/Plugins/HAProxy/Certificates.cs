using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Delivery.Plugins.Tests.HAProxy;

/// <summary>An authority with a certificate for the socket and one for who speaks with it, and HAProxy's listeners that use them.</summary>
internal sealed class Certificates : IDisposable
{
    private static readonly DateTimeOffset From = DateTimeOffset.UnixEpoch.AddYears(50);
    private static readonly DateTimeOffset To = DateTimeOffset.UnixEpoch.AddYears(100);

    private readonly X509Certificate2 _authority;
    private readonly TcpListener _port = new(IPAddress.Loopback, 0);

    public Certificates()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Delivery test authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        _authority = request.CreateSelfSigned(From, To);
        _port.Start();
        Port = ((IPEndPoint)_port.LocalEndpoint).Port;
        _port.Stop();
    }

    /// <summary>Where the socket is reached by TLS, for who shows a certificate.</summary>
    public int Port { get; }

    /// <summary>HAProxy's configuration: a socket without rights, and the usual way to the socket from another machine.</summary>
    public string Listeners(string folder)
    {
        var (certificate, key) = Signed("localhost", 1);
        File.WriteAllText(Path.Combine(folder, "socket.pem"), certificate + key);
        File.WriteAllText(Authority(folder), _authority.ExportCertificatePem());
        return $"""
            global
                stats socket {folder}/user.sock level user
            listen socket
                mode tcp
                bind 127.0.0.1:{Port} ssl crt {folder}/socket.pem ca-file {Authority(folder)} verify required
                server admin unix@{folder}/admin.sock

            """;
    }

    public static string Authority(string folder) => Path.Combine(folder, "authority.pem");

    /// <summary>A certificate of this authority and its key, PEM.</summary>
    public (string Certificate, string Key) Signed(string name, byte serial)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        using var signed = request.Create(_authority, From, To, [serial]);
        return (signed.ExportCertificatePem() + "\n", key.ExportPkcs8PrivateKeyPem() + "\n");
    }

    public void Dispose()
    {
        _authority.Dispose();
        _port.Dispose();
    }
}
