using System.Security.Cryptography;
using System.Text.Json;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Http;

namespace Delivery.Server.Pipeline;

/// <summary>What an idempotency key was answered: kept with the change itself, so a repeat after a crash finds it.</summary>
/// <param name="Id">Principal and key.</param>
/// <param name="RequestHash">SHA-256 of the command, its request-specific metadata left out: the same key for another command is a mistake.</param>
internal sealed record AnsweredRequest(string Id, string RequestHash, Outcome.Done? Done = null, DateTimeOffset? AnsweredAt = null)
{
    public static AnsweredRequest? For(Command command)
    {
        if (command.Audit.IdempotencyKey is not { } key)
            return null;
        var stable = command with { Audit = command.Audit with { CorrelationId = "", CausationId = null } };
        var bytes = JsonSerializer.SerializeToUtf8Bytes(stable, stable.GetType(), Json.Options);
        var hash = Convert.ToHexStringLower(SHA256.HashData([.. bytes, .. System.Text.Encoding.UTF8.GetBytes(stable.GetType().Name)]));
        return new AnsweredRequest($"{command.Audit.Principal}:{key}", hash);
    }

    public Outcome Answer(AnsweredRequest request) => request.RequestHash == RequestHash && Done is not null
        ? Done with { Changed = false }
        : new Outcome.Invalid("Idempotency-Key", "a key that was not used for another request");
}
