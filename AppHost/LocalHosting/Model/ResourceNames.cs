using System.Text.RegularExpressions;

namespace Aspire.Hosting.ApplicationModel;

internal static partial class ResourceNames
{
    public static string Checked(string name) => name.Length <= 64 && Allowed().IsMatch(name)
        ? name
        : throw new ArgumentException(
            $"'{name}' is no resource name: use 1 to 64 ASCII letters, digits and single hyphens, starting with a letter.", nameof(name));

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*$")]
    private static partial Regex Allowed();
}
