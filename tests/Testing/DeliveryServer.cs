using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Time.Testing;

namespace Delivery.Testing;

/// <summary>
/// The whole server in the test's process, on a database of its own, at a time the test sets when it gives
/// <paramref name="time"/>. Real HTTP endpoints, real PostgreSQL; only the socket is left out.
/// </summary>
/// <param name="connectionString">From <see cref="PostgresFixture.CreateDatabaseAsync"/>.</param>
/// <param name="time">A clock to steer; null runs on the machine's.</param>
/// <param name="settings">Configuration to add, such as <c>Rollouts:LookEvery</c>.</param>
public sealed class DeliveryServer(string connectionString, FakeTimeProvider? time = null, IReadOnlyDictionary<string, string>? settings = null)
    : WebApplicationFactory<Program>
{
    /// <summary>The admin key of this server.</summary>
    public const string AdminKey = "dlv_admin_00000000000000aa_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    /// <summary>A client that signs in as admin.</summary>
    public HttpClient Admin() => With(AdminKey);

    /// <summary>A client that signs in with a key; null sends none.</summary>
    public HttpClient With(string? key)
    {
        var client = CreateClient(new WebApplicationFactoryClientOptions { AllowAutoRedirect = false });
        if (key is not null)
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return client;
    }

    /// <summary>Issues a key and gives a client that signs in with it.</summary>
    /// <param name="role"><c>operator</c>, <c>server-sdk</c>, <c>client-sdk</c> or <c>admin</c>.</param>
    /// <param name="environment">For SDK keys.</param>
    public async Task<HttpClient> AsAsync(string role, string? environment, CancellationToken cancellationToken)
    {
        using var admin = Admin();
        var response = await admin.PostAsJsonAsync("/api/v1/keys", new { name = $"test {role}", role, environment }, cancellationToken);
        response.EnsureSuccessStatusCode();
        var issued = await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        return With(issued.GetProperty("key").GetString());
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseEnvironment("Testing");
        builder.UseSetting("ConnectionStrings:delivery", connectionString);
        builder.UseSetting("Delivery:Access:BootstrapAdminKey", AdminKey);
        foreach (var (key, value) in settings ?? new Dictionary<string, string>())
            builder.UseSetting(key, value);
        if (time is not null)
            builder.ConfigureTestServices(services => services.Replace(ServiceDescriptor.Singleton<TimeProvider>(time)));
    }
}
