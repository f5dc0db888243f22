namespace Delivery.Architecture.Tests;

/// <summary>Where the sources are.</summary>
internal static class Repository
{
    public static string Root { get; } = Find(new DirectoryInfo(AppContext.BaseDirectory));

    private static string Find(DirectoryInfo? directory) => directory is null
        ? throw new InvalidOperationException("Delivery.sln is not above the tests: run them from a checkout")
        : File.Exists(Path.Combine(directory.FullName, "Delivery.sln")) ? directory.FullName : Find(directory.Parent);
}
