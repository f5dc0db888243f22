namespace Delivery.Plugins.Host;

/// <summary>Resolves <c>secret:env:NAME</c> and <c>secret:file:PATH</c>.</summary>
internal static class SecretReference
{
    public const string Accepted = "secret:env:NAME or secret:file:PATH; the value itself does not belong into the configuration";
    private const string Environment = "secret:env:";
    private const string File = "secret:file:";

    /// <summary>The secret, or what is wrong; the text itself is never repeated, because it may be the secret.</summary>
    public static (Secret? Secret, string? Fault) Resolve(string text)
    {
        if (text.StartsWith(Environment, StringComparison.Ordinal) && text[Environment.Length..] is { Length: > 0 } name)
        {
            return System.Environment.GetEnvironmentVariable(name) is { Length: > 0 } value
                ? (new Secret(value, text), null)
                : (null, $"an environment variable that is set; {name} is not");
        }

        if (!text.StartsWith(File, StringComparison.Ordinal) || text[File.Length..] is not { Length: > 0 } path)
            return (null, Accepted);
        try
        {
            return (new Secret(System.IO.File.ReadAllText(path).TrimEnd('\r', '\n'), text), null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (null, $"a file that can be read; {path} can't");
        }
    }
}
