using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Delivery.Plugins.HAProxy;

/// <summary>Where the stats socket is, and how to get a stream to it.</summary>
internal sealed record RuntimeAddress
{
    private readonly EndPoint _at;
    private readonly SslClientAuthenticationOptions? _tls;

    private RuntimeAddress(string shown, EndPoint at, SslClientAuthenticationOptions? tls) => (Shown, _at, _tls) = (shown, at, tls);

    public string Shown { get; }

    public bool Encrypted => _tls is not null;

    public static async Task<RuntimeAddress> OfAsync(HAProxyOptions options, CancellationToken cancellationToken)
    {
        if (options.Address.StartsWith('/'))
            return new RuntimeAddress(options.Address, new UnixDomainSocketEndPoint(options.Address), null);
        var (scheme, rest) = (options.Address[..3], options.Address["tcp://".Length..]);
        var colon = rest.LastIndexOf(':');
        var (host, port) = (rest[..colon].Trim('[', ']'), int.Parse(rest[(colon + 1)..], CultureInfo.InvariantCulture));
        EndPoint at = IPAddress.TryParse(host, out var ip) ? new IPEndPoint(ip, port) : new DnsEndPoint(host, port);
        return new RuntimeAddress(options.Address, at, scheme == "tls" ? await TlsAsync(options, host, cancellationToken) : null);
    }

    /// <summary>Connects, and shakes hands where the address is encrypted; throws what the socket or the handshake throws.</summary>
    public async Task<Stream> ConnectAsync(CancellationToken cancellationToken)
    {
        var socket = _at is UnixDomainSocketEndPoint
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        Stream? stream = null;
        try
        {
            await socket.ConnectAsync(_at, cancellationToken);
            stream = new NetworkStream(socket, ownsSocket: true);
            if (_tls is null)
                return stream;
            var encrypted = new SslStream(stream);
            stream = encrypted;
            await encrypted.AuthenticateAsClientAsync(_tls, cancellationToken);
            return stream;
        }
        catch
        {
            if (stream is not null)
                await stream.DisposeAsync();
            socket.Dispose();
            throw;
        }
    }

    private static async Task<SslClientAuthenticationOptions> TlsAsync(HAProxyOptions options, string host, CancellationToken cancellationToken)
    {
        var tls = new SslClientAuthenticationOptions { TargetHost = host };
        if (options.AuthorityFile is { } file)
        {
            tls.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            tls.CertificateChainPolicy.CustomTrustStore.ImportFromPem(await File.ReadAllTextAsync(file, cancellationToken));
        }

        if (options is { CertificateFile: { } shown, CertificateKey: { } key })
            tls.ClientCertificates = [X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(shown, cancellationToken), key.Reveal())];
        return tls;
    }
}
