using System.Globalization;
using System.Security.Cryptography;

namespace Delivery.EmbeddedPostgres;

/// <summary>
/// A data directory, its password file and its lock. The lock is an advisory lock of the operating system: it ends
/// with the process that holds it, however that ends.
/// </summary>
internal sealed class ClusterDirectory : IDisposable
{
    private readonly FileStream _lock;
    private readonly string? _temporaryRoot;

    private ClusterDirectory(string path, FileStream @lock, string? temporaryRoot)
    {
        Path = path;
        _lock = @lock;
        _temporaryRoot = temporaryRoot;
    }

    public string Path { get; }

    public string PasswordFile => Path + ".password";

    public string Password => File.ReadAllText(PasswordFile).Trim();

    public bool IsMade => File.Exists(VersionFile);

    /// <summary>The version that made the directory; null before <c>initdb</c>.</summary>
    public int? MajorVersion => IsMade ? int.Parse(File.ReadAllText(VersionFile), CultureInfo.InvariantCulture) : null;

    private string VersionFile => System.IO.Path.Combine(Path, "PG_VERSION");

    /// <exception cref="PostgresClusterException">A running platform uses the directory.</exception>
    public static ClusterDirectory OpenLasting(string path)
    {
        var fullPath = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        MakeEnterable(System.IO.Path.GetDirectoryName(fullPath)!);
        return new ClusterDirectory(fullPath, Lock(fullPath) ?? throw InUse(fullPath), temporaryRoot: null);
    }

    public static ClusterDirectory OpenEphemeral()
    {
        while (true)
        {
            var root = Directory.CreateTempSubdirectory(EphemeralLeftOvers.Prefix).FullName;
            if (!OperatingSystem.IsWindows() && ServiceAccount.IsNeeded)
                File.SetUnixFileMode(root, OwnerOnly | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
            var path = System.IO.Path.Combine(root, "postgres");
            // A sweep of left-overs may have seen the new folder before it was locked.
            if (Lock(path) is { } held)
                return new ClusterDirectory(path, held, root);
        }
    }

    /// <summary>Opens what a dead process left; null when its owner lives.</summary>
    public static ClusterDirectory? TryOpenLeftOver(string root)
    {
        var path = System.IO.Path.Combine(root, "postgres");
        return File.Exists(path + ".lock") && Lock(path) is { } held ? new ClusterDirectory(path, held, root) : null;
    }

    /// <summary>Whether a running platform uses the directory.</summary>
    public static bool IsInUse(string path)
    {
        if (!File.Exists(path + ".lock"))
            return false;
        using var held = Lock(path);
        return held is null;
    }

    /// <summary>Keeps the given password; without one the password of the file, or a new one.</summary>
    public string SettlePassword(string? given)
    {
        if (given is null && File.Exists(PasswordFile))
            return Password;
        File.Delete(PasswordFile);
        var password = given ?? NewPassword();
        WriteSecret(PasswordFile, password);
        return password;
    }

    public static string NewPassword() =>
        Convert.ToBase64String(RandomNumberGenerator.GetBytes(24)).Replace('+', '-').Replace('/', '_');

    public static void WriteSecret(string path, string secret)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var writer = new StreamWriter(path, options);
        writer.Write(secret);
    }

    public void Dispose()
    {
        if (_temporaryRoot is not null)
            Directory.Delete(_temporaryRoot, recursive: true);
        _lock.Dispose();
    }

    internal static PostgresClusterException InUse(string path) => new(
        $"""
        The data directory {path} is in use by a running platform. Stop that one, or start this one with its own data:
          --Postgres:DataDirectory=<another folder>   (kept between runs)
          --Postgres:Ephemeral=true                   (deleted at the end)
        """);

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private static void MakeEnterable(string parent)
    {
        if (Directory.Exists(parent))
            return;
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(parent);
        else
            // Only the server's own account needs more than the owner, to pass through.
            Directory.CreateDirectory(parent, ServiceAccount.IsNeeded ? OwnerOnly | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute : OwnerOnly);
    }

    private static FileStream? Lock(string path)
    {
        try
        {
            return new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception) when (exception is not (DirectoryNotFoundException or FileNotFoundException))
        {
            return null;
        }
    }
}
