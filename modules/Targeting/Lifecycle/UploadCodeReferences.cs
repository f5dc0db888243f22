using Delivery.Contracts.Commands;
using Delivery.Targeting.Flags;
using Marten;
using Mediator;

namespace Delivery.Targeting.Lifecycle;

/// <summary>Says where a repository's code names flags at a revision, in place of what it said before. Repeating it changes nothing.</summary>
internal sealed record UploadCodeReferences(Audit Audit, string Repository, string Revision, IReadOnlyList<CodeReference> References) : Command(Audit);

internal static class CodeReferenceUpload
{
    private const int Most = 50_000;
    private const int LongestName = 200;
    private const int LongestFile = 1_000;

    public static Decision Decide(UploadCodeReferences command, CodeRepository? present)
    {
        if (FaultsOf(command).Take(20).ToList() is { Count: > 0 } faults)
            return Decision.Invalid(faults);
        return present is not null && present.Revision == command.Revision && present.References.SequenceEqual(command.References)
            ? Decision.Nothing
            : Decision.Of(new CodeReferencesUploaded(command.Repository, command.Revision, command.References));
    }

    private static IEnumerable<FieldError> FaultsOf(UploadCodeReferences command)
    {
        if (string.IsNullOrWhiteSpace(command.Repository) || command.Repository.Length > LongestName)
            yield return new FieldError("repository", $"the repository's name, 1 to {LongestName} characters");
        if (string.IsNullOrWhiteSpace(command.Revision) || command.Revision.Length > LongestName)
            yield return new FieldError("revision", $"the revision, such as a commit's hash, 1 to {LongestName} characters");
        if (command.References.Count > Most)
            yield return new FieldError("references", $"at most {Most} references");
        for (var i = 0; i < command.References.Count; i++)
        {
            if (command.References[i] is not { } reference)
            {
                yield return new FieldError($"references[{i}]", "an object, not null");
                continue;
            }

            if (!Keys.IsForeign(reference.Flag))
                yield return new FieldError($"references[{i}].flag", $"a flag's key: {Keys.AcceptedForeign}");
            if (string.IsNullOrWhiteSpace(reference.File) || reference.File.Length > LongestFile)
                yield return new FieldError($"references[{i}].file", $"the file's path, 1 to {LongestFile} characters");
            if (reference.Line < 1)
                yield return new FieldError($"references[{i}].line", "the line, from 1");
        }
    }
}

internal sealed class UploadCodeReferencesHandler(IDocumentSession session) : ICommandHandler<UploadCodeReferences, Outcome>
{
    public async ValueTask<Outcome> Handle(UploadCodeReferences command, CancellationToken cancellationToken)
    {
        var stream = await session.Events.FetchForWriting<CodeRepository>(CodeRepository.Stream(command.Repository), cancellationToken);
        return stream.Finish(command.Audit, "code-repository", command.Repository, CodeReferenceUpload.Decide(command, stream.Aggregate));
    }
}
