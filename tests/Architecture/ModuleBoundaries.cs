using System.Xml.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Delivery.Architecture.Tests;

public sealed class ModuleBoundaries
{
    public static TheoryData<string> Modules => [.. Rules.Modules];

    [Theory]
    [MemberData(nameof(Modules))]
    public void a_module_knows_only_contracts_and_the_pure_libraries(string module) =>
        Rules.ModulesKnowOnlyContracts(CompiledAssembly.Beside(module)).ShouldBeEmpty();

    [Theory]
    [MemberData(nameof(Modules))]
    public void a_module_never_asks_through_the_bus(string module) =>
        Rules.NeverAsksThroughTheBus(CompiledAssembly.Beside(module)).ShouldBeEmpty();

    [Fact]
    public void the_engine_stands_on_the_framework_and_hashing() =>
        Rules.StandsOnlyOn(CompiledAssembly.Beside("Delivery.Evaluation"), "System.IO.Hashing").ShouldBeEmpty();

    [Fact]
    public void statistics_stand_on_the_framework_and_numerics() =>
        Rules.StandsOnlyOn(CompiledAssembly.Beside("Delivery.Statistics"), "MathNet.Numerics").ShouldBeEmpty();

    [Fact]
    public void contracts_stand_on_the_engine_and_the_mediators_abstractions() =>
        Rules.StandsOnlyOn(CompiledAssembly.Beside("Delivery.Contracts"), "Mediator", "Mediator.Abstractions", "Delivery.Evaluation").ShouldBeEmpty();

    [Fact]
    public void the_client_stands_on_the_engine_alone() =>
        Rules.StandsOnlyOn(CompiledAssembly.Beside("Delivery.Client"), "Delivery.Evaluation").ShouldBeEmpty();

    /// <summary>An unused project reference leaves no trace in the assembly, so the project files are read too.</summary>
    [Fact]
    public void no_module_project_names_another_module()
    {
        var open = Rules.OpenToModules.ToHashSet();
        var wrong =
            from file in Directory.EnumerateFiles(Path.Combine(Repository.Root, "modules"), "Delivery.*.csproj", SearchOption.AllDirectories)
            where Rules.Modules.Contains(Path.GetFileNameWithoutExtension(file))
            from reference in XDocument.Load(file).Descendants("ProjectReference")
            let name = Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/'))
            where !open.Contains(name)
            select $"{Path.GetFileName(file)} → {name}";
        wrong.ShouldBeEmpty();
    }

    [Fact]
    public void the_rules_know_every_module_there_is()
    {
        string[] notModules = ["Delivery.Contracts", "Delivery.Evaluation", "Delivery.Statistics", "Delivery.Segments", "Delivery.Otlp", "Delivery.Server", "Delivery.ServiceDefaults"];
        Directory.EnumerateFiles(Path.Combine(Repository.Root, "modules"), "*.csproj", SearchOption.AllDirectories)
            .Select(f => Path.GetFileNameWithoutExtension(f)!)
            .Except(notModules)
            .ShouldBe(Rules.Modules, ignoreOrder: true);
    }

    [Fact]
    public void a_module_that_reaches_into_another_is_found_out()
    {
        var broken = Compile("Delivery.Broken", "public class Peeks { public object See() => typeof(Delivery.Targeting.TargetingModule); }", "Delivery.Targeting");
        Rules.ModulesKnowOnlyContracts(broken).ShouldHaveSingleItem().ShouldContain("Delivery.Broken references Delivery.Targeting");
    }

    [Fact]
    public void a_module_that_asks_through_the_bus_is_found_out()
    {
        var broken = Compile(
            "Delivery.Broken", "public class Asks { public object Ask(Wolverine.IMessageBus bus) => bus.InvokeAsync<string>(new object()); }", "Wolverine");
        Rules.NeverAsksThroughTheBus(broken).ShouldNotBeEmpty();
    }

    [Fact]
    public void an_engine_that_takes_a_package_is_found_out()
    {
        var broken = Compile("Delivery.Evaluation", "public class Stores { public object Store() => typeof(Marten.IDocumentStore); }", "Marten");
        Rules.StandsOnlyOn(broken, "System.IO.Hashing").ShouldHaveSingleItem().ShouldContain("Marten");
    }

    [Fact]
    public void the_solution_holds_at_most_35_projects() =>
        File.ReadLines(Path.Combine(Repository.Root, "Delivery.sln"))
            .Count(l => l.StartsWith("Project(", StringComparison.Ordinal) && l.Contains(".csproj", StringComparison.Ordinal))
            .ShouldBeLessThanOrEqualTo(35);

    private static CompiledAssembly Compile(string name, string source, params string[] references)
    {
        var framework = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);
        var compilation = CSharpCompilation.Create(
            name,
            [CSharpSyntaxTree.ParseText(source, cancellationToken: TestContext.Current.CancellationToken)],
            framework.Where(f => references.Contains(Path.GetFileNameWithoutExtension(f)) || Path.GetFileName(f).StartsWith("System.", StringComparison.Ordinal))
                .Select(f => MetadataReference.CreateFromFile(f)),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        using var image = new MemoryStream();
        var result = compilation.Emit(image, cancellationToken: TestContext.Current.CancellationToken);
        result.Success.ShouldBeTrue(string.Join(Environment.NewLine, result.Diagnostics));
        image.Position = 0;
        return CompiledAssembly.Read(image);
    }
}
