using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;

namespace Delivery.Plugins.Xds;

/// <summary>The control plane: a listener of its own for the clients' streams.</summary>
internal sealed class ControlPlane : IAsyncDisposable
{
    private static readonly TimeSpan PingEvery = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan PingPatience = TimeSpan.FromSeconds(10);

    /// <summary>id-kp-clientAuth, RFC 5280.</summary>
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly WebApplication _app;
    private readonly Catalogue _catalogue;
    private readonly ControlPlaneEnd _end;

    private ControlPlane(WebApplication app, Catalogue catalogue, ConnectedClients clients, ControlPlaneEnd end)
    {
        (_app, _catalogue, Clients, _end) = (app, catalogue, clients, end);
        catalogue.Changed += clients.WakeAll;
    }

    public ConnectedClients Clients { get; }

    /// <summary>Where it listens.</summary>
    public Uri Address => new(_app.Urls.Single());

    /// <summary>Starts listening; throws when it can't.</summary>
    public static async Task<ControlPlane> StartAsync(XdsOptions options, Catalogue catalogue, PluginContext context, CancellationToken cancellationToken)
    {
        var clients = new ConnectedClients(catalogue, options.MostClients);
        var end = new ControlPlaneEnd(context.Time.GetUtcNow().ToUnixTimeMilliseconds().ToString("x", CultureInfo.InvariantCulture));
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => Listen(kestrel, options));
        builder.Services.AddSingleton(context.Time).AddSingleton(catalogue).AddSingleton(clients).AddSingleton(end).AddGrpc();
        builder.Services.AddSingleton<AdsService>();
        var app = builder.Build();
        app.MapGrpcService<AdsService>();
        var control = new ControlPlane(app, catalogue, clients, end);
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch
        {
            await control.DisposeAsync();
            throw;
        }

        return control;
    }

    public async ValueTask DisposeAsync()
    {
        _catalogue.Changed -= Clients.WakeAll;
        await _end.CancelAsync();
        await _app.DisposeAsync();
        _end.Dispose();
    }

    private static void Listen(KestrelServerOptions kestrel, XdsOptions options)
    {
        kestrel.AddServerHeader = false;
        // A client that is gone without a word is found by pings, and is not waited for any more.
        kestrel.Limits.Http2.KeepAlivePingDelay = PingEvery;
        kestrel.Limits.Http2.KeepAlivePingTimeout = PingPatience;
        kestrel.Listen(IPAddress.Parse(options.Listen!.Host.Trim('[', ']')), options.Listen.Port, listener =>
        {
            listener.Protocols = HttpProtocols.Http2;
            if (options.Certificate is not null)
                listener.UseHttps(https => Secure(https, options));
        });
    }

    private static void Secure(HttpsConnectionAdapterOptions https, XdsOptions options)
    {
        https.ServerCertificate = X509Certificate2.CreateFromPem(File.ReadAllText(options.Certificate!), options.CertificateKey!.Reveal());
        https.ServerCertificateChain = [];
        https.ServerCertificateChain.ImportFromPemFile(options.Certificate!);
        https.ServerCertificateChain = [];
        https.ServerCertificateChain.ImportFromPemFile(options.Certificate!);
        if (options.ClientAuthorities is null)
            return;
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(options.ClientAuthorities);
        https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
        https.ClientCertificateValidation = (certificate, shown, _) =>
        {
            using var chain = new X509Chain();
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            // One that says what it is for must be for clients.
            chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
            // What the client sent between its own and the authority.
            if (shown is not null)
                chain.ChainPolicy.ExtraStore.AddRange(shown.ChainPolicy.ExtraStore);
            return chain.Build(certificate);
        };
    }
}
