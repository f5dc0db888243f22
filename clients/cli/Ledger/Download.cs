namespace Delivery.Cli.Ledger;

/// <summary>An answer into a file, as it comes; the file is there when it is whole.</summary>
internal static class Download
{
    public static async Task ToFileAsync(Session session, string path, string accept, FileInfo target, CancellationToken cancellationToken)
    {
        var fresh = target.FullName + ".new";
        using (var answer = await session.Api.OpenAsync(path, accept, cancellationToken))
        {
            await using var file = File.Create(fresh);
            await answer.Content.CopyToAsync(file, cancellationToken);
        }

        File.Move(fresh, target.FullName, overwrite: true);
        session.Show.Say($"{target.FullName}: {new FileInfo(target.FullName).Length:N0} bytes.");
    }
}
