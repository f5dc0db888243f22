using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Delivery.Plugins.Measuring;

namespace Delivery.Plugins.Sql;

/// <summary>The plugin's options.</summary>
public sealed class SqlOptions
{
    /// <summary>The PostgreSQL server.</summary>
    [Description("The PostgreSQL server.")]
    [Required]
    public string Host { get; set; } = "";

    /// <summary>Its port, 1 to 65,535. Default 5432.</summary>
    [Description("Its port. Default 5432.")]
    [Range(1, 65_535)]
    public int Port { get; set; } = 5432;

    /// <summary>The database.</summary>
    [Description("The database.")]
    [Required]
    public string Database { get; set; } = "";

    /// <summary>A role that may only read.</summary>
    [Description("A role that may only read.")]
    [Required]
    public string User { get; set; } = "";

    /// <summary>Its password. Default: none.</summary>
    [Description("Its password. Default: none.")]
    public Secret? Password { get; set; }

    /// <summary>How the connection is protected. Default <c>VerifyFull</c>.</summary>
    [Description("How the connection is protected: VerifyFull (encrypted, certificate and host name checked), Require (encrypted, unchecked) or Disable. Default VerifyFull.")]
    public SqlEncryption Encryption { get; set; } = SqlEncryption.VerifyFull;

    /// <summary>A PEM file with the certificates that may sign the server's. Default: those the machine trusts.</summary>
    [Description("A PEM file with the certificates that may sign the server's. Default: those the machine trusts.")]
    public string? CertificateAuthority { get; set; }

    /// <summary>How long one query may take, in seconds, 0.1 to 600; the server ends it then. Default 5.</summary>
    [Description("How long one query may take, in seconds; the server ends it then. Default 5.")]
    [Range(0.1, 600)]
    public double Seconds { get; set; } = 5;

    /// <summary>How many connections at most, 1 to 50. Default 4.</summary>
    [Description("How many connections at most. Default 4.")]
    [Range(1, 50)]
    public int Connections { get; set; } = 4;

    /// <summary>The metrics by name.</summary>
    [Description("The metrics by name.")]
    [Required, MinLength(1)]
    public Dictionary<string, SqlMetric> Metrics { get; set; } = [];
}

/// <summary>How a connection is protected.</summary>
public enum SqlEncryption
{
    /// <summary>Encrypted; the certificate and the host's name in it are checked.</summary>
    VerifyFull = 0,

    /// <summary>Encrypted; the certificate is not checked.</summary>
    Require = 1,

    /// <summary>Not at all.</summary>
    Disable = 2,
}

/// <summary>
/// A metric: one <c>SELECT</c> with the parameters <c>@arms</c> (text[]), <c>@route</c> and <c>@metric</c> (text), <c>@from</c> and
/// <c>@to</c> (timestamptz; inclusive and exclusive). One row for each arm, or for each arm and bucket.
/// </summary>
public sealed class SqlMetric
{
    /// <summary>Which statistics it gives. Default <c>Counts</c>.</summary>
    [Description("Counts (columns arm, trials, events, last_at), Moments (arm, count, sum, sum_of_squares, last_at) or Histogram (arm, lower, upper, count, last_at; a row for each bucket, upper null for no edge). Default Counts.")]
    public MetricShape Shape { get; set; } = MetricShape.Counts;

    /// <summary>The query.</summary>
    [Description("One SELECT with the parameters @arms (text[]), @route, @metric (text), @from and @to (timestamptz).")]
    [Required]
    public string Query { get; set; } = "";

    /// <summary>The unit of its values. Default: none.</summary>
    [Description("The unit of its values, such as s or EUR. Default: none.")]
    public string Unit { get; set; } = "";
}
