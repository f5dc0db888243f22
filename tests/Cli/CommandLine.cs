using System.Text.Json;
using Delivery.Testing;

namespace Delivery.Cli.Tests;

/// <summary>A server, and a person who types <c>delivery</c> at it.</summary>
public sealed class CommandLine(PostgresFixture postgres) : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("delivery-cli-").FullName;
    private DeliveryServer? _server;

    public async ValueTask InitializeAsync()
    {
        _server = new DeliveryServer(await postgres.CreateDatabaseAsync("cli"));
        using var admin = _server.Admin();
        (await admin.GetAsync(new Uri("/health", UriKind.Relative), TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
    }

    /// <summary>Where login remembers.</summary>
    public string Folder => _folder;

    /// <summary>A file with this content.</summary>
    public string File(string name, string content)
    {
        var path = Path.Combine(_folder, name);
        System.IO.File.WriteAllText(path, content);
        return path;
    }

    /// <summary>Types a command, signed in as admin by variables.</summary>
    public Task<Said> Type(params string[] words) => TypeAs(DeliveryServer.AdminKey, "", words);

    /// <summary>Types a command with another key (null: none) and this on standard input.</summary>
    public async Task<Said> TypeAs(string? key, string input, params string[] words)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        using var reader = new StringReader(input);
        var status = await DeliveryCommand.RunAsync(words, Terminal(output, error, reader, key), TestContext.Current.CancellationToken);
        return new Said(status, output.ToString(), error.ToString());
    }

    /// <summary>A flag that serves on, and one exposure to it in the ledger.</summary>
    public async Task Recorded(string flag, string unit)
    {
        (await Type("flags", "create", flag)).Well();
        (await Type("flags", "set", flag, "--serve", "on")).Well();
        var version = (await Type("flags", "get", flag, "-o", "json")).Well().Json;
        using var sdk = await _server!.AsAsync("server-sdk", "production", TestContext.Current.CancellationToken);
        using var report = new HttpRequestMessage(HttpMethod.Post, "/sdk/v1/exposures")
        {
            Content = System.Net.Http.Json.JsonContent.Create(new[]
            {
                new
                {
                    id = "01935000-0000-7000-8000-000000000001", flag, variant = "on", unit, reason = "STATIC", flagVersion = version.GetProperty("version").GetInt64(),
                    sequence = version.GetProperty("sequence").GetInt64(), attributes = new { }, time = "2026-11-23T07:17:00Z",
                },
            }),
        };
        report.Headers.Add("X-Source", $"cli-tests-{flag}");
        report.Headers.Add("X-Batch", "1");
        (await sdk.SendAsync(report, TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
    }

    /// <summary>An empty segment.</summary>
    public async Task Segment(string key)
    {
        using var admin = _server!.Admin();
        var answer = await System.Net.Http.Json.HttpClientJsonExtensions.PutAsJsonAsync(admin, $"/api/v1/segments/{key}", new { included = Array.Empty<string>() }, TestContext.Current.CancellationToken);
        answer.IsSuccessStatusCode.ShouldBeTrue(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    internal Terminal Terminal(TextWriter output, TextWriter error, TextReader input, string? key) => new()
    {
        Out = output,
        Error = error,
        In = input,
        Interactive = false,
        Variable = name => key is null ? null : name switch
        {
            "DELIVERY_SERVER" => "http://localhost/",
            "DELIVERY_KEY" => key,
            _ => null,
        },
        Folder = Path.Combine(_folder, "config"),
        Time = TimeProvider.System,
        Handler = () => _server!.Server.CreateHandler(),
        ReadSecret = () => null,
    };

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}

/// <summary>What the command answered.</summary>
public sealed record Said(int Status, string Out, string Error)
{
    public JsonElement Json => JsonElement.Parse(Out);

    /// <summary>Fails with what was said, if the command did.</summary>
    public Said Well()
    {
        Status.ShouldBe(0, $"{Error}{Out}");
        return this;
    }
}
