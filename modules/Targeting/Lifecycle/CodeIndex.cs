using System.Collections.Concurrent;

namespace Delivery.Targeting.Lifecycle;

/// <summary>The newest references of all repositories in memory, as the live rulesets are.</summary>
internal sealed class CodeIndex
{
    private readonly ConcurrentDictionary<string, CodeRepository> _repositories = new(StringComparer.Ordinal);

    public IEnumerable<CodeRepository> Repositories => _repositories.Values.OrderBy(repository => repository.Repository, StringComparer.Ordinal);

    public void Apply(CodeRepository repository) =>
        _repositories.AddOrUpdate(repository.Id, repository, (_, present) => present.Version >= repository.Version ? present : repository);

    /// <summary>By flag: places that name it now, and who named it last.</summary>
    public IReadOnlyDictionary<string, FlagInCode> Flags()
    {
        var flags = new Dictionary<string, FlagInCode>(StringComparer.Ordinal);
        foreach (var repository in Repositories)
        {
            foreach (var (flag, last) in repository.Named)
                flags[flag] = (flags.GetValueOrDefault(flag) ?? FlagInCode.Nowhere).With(repository.Repository, last);
            foreach (var group in repository.References.CountBy(reference => reference.Flag))
                flags[group.Key] = flags[group.Key] with { Places = flags[group.Key].Places + group.Value };
        }

        return flags;
    }
}

/// <param name="Places">Places that name it now.</param>
/// <param name="Repository">The repository that named it last.</param>
/// <param name="Last">When, and at which revision.</param>
internal sealed record FlagInCode(int Places, string? Repository, LastReference? Last)
{
    public static FlagInCode Nowhere { get; } = new(0, null, null);

    public FlagInCode With(string repository, LastReference last) => Last is null || last.At >= Last.At ? new FlagInCode(Places, repository, last) : this;
}
