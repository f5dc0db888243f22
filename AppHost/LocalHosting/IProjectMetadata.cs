namespace Aspire.Hosting;

/// <summary>A project of this repository; the build generates one in <c>Projects</c> for each resource project.</summary>
public interface IProjectMetadata
{
    /// <summary>Full path of the project file.</summary>
    string ProjectPath { get; }
}

/// <summary>What the local runner's build knows besides.</summary>
public interface IBuiltProject : IProjectMetadata
{
    /// <summary>Full path of the built assembly.</summary>
    string AssemblyPath { get; }
}
