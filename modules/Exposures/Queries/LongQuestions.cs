using Npgsql;

namespace Delivery.Exposures.Queries;

/// <summary>Questions that may read the whole ledger: they take as long as whoever asks waits for the answer, and end with the request.</summary>
internal static class LongQuestions
{
    public static NpgsqlCommand CreateQuestion(this NpgsqlDataSource database, string text = "")
    {
        var command = database.CreateCommand(text);
        command.CommandTimeout = 0;
        return command;
    }
}
