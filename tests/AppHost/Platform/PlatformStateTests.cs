using System.Text.Json;
using Delivery.AppHost.Platform;

namespace AppHost.Tests.Platform;

public sealed class PlatformStateTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("delivery-tests-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task the_state_file_says_where_everything_is_to_its_owner_only()
    {
        var file = Path.Combine(_folder, "new", "state.json");
        var builder = DistributedApplication.CreateBuilder(["--ConnectionStrings:delivery=Host=db"]);
        builder.AddConnectionString("delivery");
        builder.AddExecutable("server", "true", "/").WithHttpEndpoint(port: 5080);
        builder.AddExecutable("worker", "true", "/");
        await using var application = builder.Build();

        var state = await PlatformState.ReadAsync(new DistributedApplicationModel(builder.Resources), "key", TestContext.Current.CancellationToken);
        state.WriteTo(file);
        state.WriteTo(file);

        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        json.RootElement.GetProperty("resources").GetProperty("server").GetProperty("url").GetString().ShouldBe("http://127.0.0.1:5080");
        json.RootElement.GetProperty("resources").EnumerateObject().Count().ShouldBe(1);
        json.RootElement.GetProperty("connectionStrings").GetProperty("delivery").GetString().ShouldBe("Host=db");
        json.RootElement.GetProperty("adminKey").GetString().ShouldBe("key");
        Directory.GetFiles(Path.GetDirectoryName(file)!).ShouldBe([file]);
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public void admin_keys_are_new_each_time_and_of_the_format_that_is_checked()
    {
        var key = AdminKeys.New();

        key.ShouldMatch("^dlv_admin_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$");
        AdminKeys.New().ShouldNotBe(key);
        AdminKeys.Checked(key).ShouldBe(key);
        Should.Throw<DistributedApplicationException>(() => AdminKeys.Checked(key + "x"));
    }
}
