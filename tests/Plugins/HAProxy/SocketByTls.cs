using System.Security.Cryptography.X509Certificates;

namespace Delivery.Plugins.Tests.HAProxy;

/// <summary>HAProxy's own listeners in front of its admin socket: one without rights, and one by TLS for who shows a certificate of its authority.</summary>
internal sealed class SocketByTls : IDisposable
{
    private readonly X509Certificate2 _authority = Certificates.Make("Delivery test authority", null);

    /// <summary>Where the socket is reached by TLS.</summary>
    public int Port { get; } = FreePort.Take();

    public static string AuthorityFile(string folder) => Path.Combine(folder, "authority.pem");

    /// <summary>The configuration, with its files in the folder.</summary>
    public string Listeners(string folder)
    {
        var (certificate, key) = Signed("localhost");
        File.WriteAllText(Path.Combine(folder, "socket.pem"), certificate + key);
        File.WriteAllText(AuthorityFile(folder), _authority.ExportCertificatePem());
        return $"""
            global
                stats socket {folder}/user.sock level user
            listen socket
                mode tcp
                bind 127.0.0.1:{Port} ssl crt {folder}/socket.pem ca-file {AuthorityFile(folder)} verify required
                server admin unix@{folder}/admin.sock

            """;
    }

    /// <summary>A certificate of this authority and its key, PEM.</summary>
    public (string Certificate, string Key) Signed(string name)
    {
        using var signed = Certificates.Make(name, _authority);
        return (signed.ExportCertificatePem() + "\n", signed.KeyPem() + "\n");
    }

    public void Dispose() => _authority.Dispose();
}
