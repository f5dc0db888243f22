namespace Delivery.Architecture.Tests;

/// <summary>The laws of the architecture as functions: what is wrong with an assembly; empty when it obeys.</summary>
public static class Rules
{
    /// <summary>Every module; the composition root is none.</summary>
    public static IReadOnlyList<string> Modules { get; } =
        ["Delivery.Targeting", "Delivery.Exposures", "Delivery.Metrics", "Delivery.Rollouts", "Delivery.Alerting", "Delivery.Console"];

    /// <summary>What a module may use of our own.</summary>
    public static IReadOnlyList<string> OpenToModules { get; } =
        ["Delivery.Contracts", "Delivery.Evaluation", "Delivery.Statistics", "Delivery.Plugins.Contract", "Delivery.Segments", "Delivery.Otlp"];

    /// <summary>Law 1: no module references another, only what is open to all.</summary>
    public static IEnumerable<string> ModulesKnowOnlyContracts(CompiledAssembly assembly) =>
        assembly.References
            .Where(r => r.StartsWith("Delivery.", StringComparison.Ordinal) && !OpenToModules.Contains(r))
            .Select(r => $"{assembly.Name} references {r}; a module may know only {string.Join(", ", OpenToModules)}");

    /// <summary>Laws 1 and 8: these libraries stand on the framework and the named packages alone.</summary>
    public static IEnumerable<string> StandsOnlyOn(CompiledAssembly assembly, params string[] allowed) =>
        assembly.References
            .Where(r => !IsFramework(r) && !allowed.Contains(r))
            .Select(r => $"{assembly.Name} references {r}; it may stand only on the framework{string.Concat(allowed.Select(a => " and " + a))}");

    /// <summary>Law 2: Wolverine tells; it does not ask. No request and reply through the bus.</summary>
    public static IEnumerable<string> NeverAsksThroughTheBus(CompiledAssembly assembly) =>
        assembly.CalledMembers
            .Where(m => m.StartsWith("Wolverine.", StringComparison.Ordinal) && m.EndsWith(".InvokeAsync", StringComparison.Ordinal))
            .Select(m => $"{assembly.Name} calls {m}; ask with Mediator");

    private static bool IsFramework(string name) =>
        name is "System.Runtime" or "netstandard" or "mscorlib"
        || ((name.StartsWith("System.", StringComparison.Ordinal) || name.StartsWith("Microsoft.", StringComparison.Ordinal)) && name is not "System.IO.Hashing");
}
