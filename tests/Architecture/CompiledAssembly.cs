using System.Collections.Immutable;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Delivery.Architecture.Tests;

/// <summary>What a compiled assembly really uses, read from its metadata: names of assemblies and of called members.</summary>
public sealed record CompiledAssembly(string Name, ImmutableHashSet<string> References, ImmutableHashSet<string> CalledMembers)
{
    public static CompiledAssembly Beside(string name)
    {
        using var file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, name + ".dll"));
        return Read(file);
    }

    public static CompiledAssembly Read(Stream image)
    {
        using var pe = new PEReader(image);
        var metadata = pe.GetMetadataReader();
        var references = metadata.AssemblyReferences.Select(h => metadata.GetString(metadata.GetAssemblyReference(h).Name));
        var members = metadata.MemberReferences.Select(metadata.GetMemberReference).Select(m => $"{Parent(metadata, m.Parent)}.{metadata.GetString(m.Name)}");
        return new CompiledAssembly(
            metadata.GetString(metadata.GetAssemblyDefinition().Name), references.ToImmutableHashSet(), members.ToImmutableHashSet());
    }

    private static string Parent(MetadataReader metadata, EntityHandle parent) => parent.Kind switch
    {
        HandleKind.TypeReference => FullName(metadata, metadata.GetTypeReference((TypeReferenceHandle)parent)),
        _ => "",
    };

    private static string FullName(MetadataReader metadata, TypeReference type) =>
        $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}";
}
