using System.Net;
using System.Text.Json;

namespace Delivery.Cli;

/// <summary>Why a command can't go on, for a person, and the exit status that says so to a script.</summary>
internal sealed class ApiFault(ExitCode exitCode, string message) : Exception(message)
{
    public ExitCode ExitCode { get; } = exitCode;

    /// <summary>Whether someone else wrote between the server's reading and writing.</summary>
    public bool LostRace { get; private init; }

    /// <summary>Bad input that the server would refuse anyway.</summary>
    public static ApiFault Usage(string message) => new(ExitCode.Usage, message);

    /// <summary>What a problem-details answer says: its title, its detail, and each field with what would be accepted.</summary>
    public static async Task<ApiFault> OfAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var body = await answer.Content.ReadAsStringAsync(cancellationToken);
        return new ApiFault(StatusOf(answer.StatusCode), Sentence(answer, body)) { LostRace = answer.StatusCode == HttpStatusCode.PreconditionFailed };
    }

    private static ExitCode StatusOf(HttpStatusCode status) => status switch
    {
        HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity or HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.UnsupportedMediaType => ExitCode.Usage,
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => ExitCode.Unauthorized,
        HttpStatusCode.NotFound => ExitCode.NotFound,
        HttpStatusCode.Conflict or HttpStatusCode.PreconditionFailed => ExitCode.Conflict,
        HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError => ExitCode.Unavailable,
        _ => ExitCode.Refused,
    };

    private static string Sentence(HttpResponseMessage answer, string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var problem = document.RootElement;
            var errors = problem.Members("errors").SelectMany(field => field.Value.EnumerateArray().Select(text => $"{Environment.NewLine}  {field.Name}: {text.Text()}")).ToList();
            var title = problem.Text("title");
            return errors.Count > 0 ? $"{title}:{string.Concat(errors)}" : $"{title}: {problem.Text("detail")}".TrimEnd(' ', ':');
        }
        catch (JsonException)
        {
            return $"The server answered {(int)answer.StatusCode} {answer.ReasonPhrase}.";
        }
    }
}
