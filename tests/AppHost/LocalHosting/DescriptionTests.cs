using Aspire.Hosting.Testing;
using Delivery.LocalHosting.Running;

namespace AppHost.Tests.LocalHosting;

public sealed class DescriptionTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void the_build_names_the_resource_projects_and_the_host_itself()
    {
        new Projects.Delivery_Evaluation().ProjectPath.ShouldEndWith("modules/Evaluation/Delivery.Evaluation.csproj");
        File.Exists(new Projects.Delivery_Evaluation().AssemblyPath).ShouldBeTrue();
        new Projects.AppHost_Tests().ProjectPath.ShouldEndWith("tests/AppHost/AppHost.Tests.csproj");
        typeof(DescriptionTests).Assembly.GetReferencedAssemblies().ShouldNotContain(one => one.Name == "Delivery.Evaluation");
    }

    [Fact]
    public async Task a_project_is_run_by_dotnet_with_its_address_connection_and_environment()
    {
        var builder = DistributedApplication.CreateBuilder(["--ConnectionStrings:delivery=Host=db"]);
        var database = builder.AddConnectionString("delivery");
        var key = builder.AddParameter("admin-key", "secret", secret: true);
        var server = builder.AddProject<Projects.Delivery_Evaluation>("server")
            .WithHttpEndpoint().WithReference(database).WithEnvironment("Key", key);
        var shop = builder.AddProject<Projects.Delivery_Evaluation>("shop").WithEnvironment("Server", server.GetEndpoint("http"));
        await using var application = builder.Build();

        var command = await ResourceCommand.OfAsync(server.Resource, "Staging", Cancellation);
        var address = server.GetEndpoint("http").Url;

        command.Arguments.ShouldBe([new Projects.Delivery_Evaluation().AssemblyPath]);
        address.ShouldStartWith("http://127.0.0.1:");
        command.Environment["ASPNETCORE_URLS"].ShouldBe(address);
        command.Environment["ASPNETCORE_ENVIRONMENT"].ShouldBe("Staging");
        command.Environment["ConnectionStrings__delivery"].ShouldBe("Host=db");
        command.Environment["Key"].ShouldBe("secret");
        (await ResourceCommand.OfAsync(shop.Resource, "Staging", Cancellation)).Environment["Server"].ShouldBe(address);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1st")]
    [InlineData("two--hyphens")]
    [InlineData("ends-")]
    [InlineData("under_score")]
    public void a_name_that_aspire_would_refuse_is_refused(string name) =>
        Should.Throw<ArgumentException>(() => new ExecutableResource(name, "sh", "/"));

    [Fact]
    public void two_resources_of_one_name_are_refused()
    {
        var builder = DistributedApplication.CreateBuilder([]);
        builder.AddParameter("key", "1");

        Should.Throw<DistributedApplicationException>(() => builder.AddParameter("Key", "2"));
    }

    [Fact]
    public async Task a_test_pauses_the_entry_point_where_it_builds_and_runs_the_application_itself()
    {
        var returned = false;
        var run = new EntryPointRun(typeof(DescriptionTests).Assembly, async () =>
        {
            var builder = DistributedApplication.CreateBuilder([]);
            builder.AddExecutable("sleeper", "/bin/sh", "/", "-c", "sleep 600");
            await builder.Build().RunAsync();
            returned = true;
        });
        run.Begin();
        (await run.Described.WaitAsync(Cancellation)).Resources.Single().Name.ShouldBe("sleeper");

        await using (var application = await run.BuildAsync(Cancellation))
        {
            await application.StartAsync(Cancellation);
            await application.ResourceNotifications.WaitForResourceHealthyAsync("sleeper", Cancellation);
            Should.Throw<ArgumentException>(() => application.CreateHttpClient("sleeper"));
            returned.ShouldBeFalse();
        }

        while (!Volatile.Read(ref returned))
            await Task.Yield();
    }

    [Fact]
    public async Task what_the_entry_point_throws_reaches_the_test()
    {
        var run = new EntryPointRun(typeof(DescriptionTests).Assembly, () => throw new DistributedApplicationException("no such option"));
        run.Begin();

        (await Should.ThrowAsync<DistributedApplicationException>(() => run.Described)).Message.ShouldBe("no such option");
    }
}
