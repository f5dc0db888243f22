using System.Globalization;

namespace Delivery.AppHost.Platform;

/// <summary>PostgreSQL as a program of this machine: this AppHost's own assembly, run as <c>embedded-postgres</c>.</summary>
internal sealed class EmbeddedPostgresResource(string name, string command, string workingDirectory, int port, string password)
    : ExecutableResource(name, command, workingDirectory)
{
    public string Host { get; } = "127.0.0.1";

    public string Port { get; } = port.ToString(CultureInfo.InvariantCulture);

    public string Username { get; } = "postgres";

    public string Password { get; } = password;
}

/// <summary>A database of the embedded PostgreSQL.</summary>
internal sealed class EmbeddedDatabaseResource(string name, EmbeddedPostgresResource parent)
    : Resource(name), IResourceWithParent<EmbeddedPostgresResource>, IResourceWithConnectionString
{
    public EmbeddedPostgresResource Parent { get; } = parent;

    public ReferenceExpression ConnectionStringExpression => ReferenceExpression.Create(
        $"Host={Parent.Host};Port={Parent.Port};Username={Parent.Username};Password={Parent.Password};Database={Name}");

    IEnumerable<KeyValuePair<string, ReferenceExpression>> IResourceWithConnectionString.GetConnectionProperties() =>
    [
        new("Host", ReferenceExpression.Create($"{Parent.Host}")),
        new("Port", ReferenceExpression.Create($"{Parent.Port}")),
        new("Username", ReferenceExpression.Create($"{Parent.Username}")),
        new("Password", ReferenceExpression.Create($"{Parent.Password}")),
        new("Uri", ReferenceExpression.Create($"postgresql://{Parent.Username}:{Parent.Password}@{Parent.Host}:{Parent.Port}/{Name}")),
    ];
}
