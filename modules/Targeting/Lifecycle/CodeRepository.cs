using JasperFx.Events;

namespace Delivery.Targeting.Lifecycle;

/// <summary>A repository's references to flags at a revision: the whole list, in place of the one before.</summary>
internal sealed record CodeReferencesUploaded(string Repository, string Revision, IReadOnlyList<CodeReference> References);

/// <summary>A place in code that names a flag.</summary>
/// <param name="Flag">The flag's key, as the code says it.</param>
/// <param name="File">The file's path in the repository, 1 to 1,000 characters.</param>
/// <param name="Line">The line, from 1.</param>
internal sealed record CodeReference(string Flag, string File, int Line);

/// <summary>When a repository last named a flag.</summary>
internal sealed record LastReference(string Revision, DateTimeOffset At);

/// <summary>A repository's newest references: the state of the stream <c>code-repository:NAME</c>, kept as a document.</summary>
internal sealed record CodeRepository
{
    /// <summary>The stream's key.</summary>
    public required string Id { get; init; }

    public required string Repository { get; init; }
    public string Revision { get; init; } = "";
    public DateTimeOffset UploadedAt { get; init; }
    public string? UploadedBy { get; init; }
    public IReadOnlyList<CodeReference> References { get; init; } = [];

    /// <summary>By flag, the last upload that named it.</summary>
    public IReadOnlyDictionary<string, LastReference> Named { get; init; } = new Dictionary<string, LastReference>();

    public int Version { get; set; }

    public static string Stream(string repository) => $"code-repository:{repository}";

    public static CodeRepository Create(IEvent<CodeReferencesUploaded> e) =>
        new CodeRepository { Id = Stream(e.Data.Repository), Repository = e.Data.Repository }.Apply(e);

    public CodeRepository Apply(IEvent<CodeReferencesUploaded> e)
    {
        var named = new Dictionary<string, LastReference>(Named, StringComparer.Ordinal);
        foreach (var flag in e.Data.References.Select(reference => reference.Flag).Distinct(StringComparer.Ordinal))
            named[flag] = new LastReference(e.Data.Revision, e.Timestamp);
        return this with
        {
            Revision = e.Data.Revision,
            References = e.Data.References,
            UploadedAt = e.Timestamp,
            UploadedBy = e.UserName,
            Named = named,
            Version = (int)e.Version,
        };
    }
}
