using Microsoft.AspNetCore.Http;

namespace Delivery.Contracts.Http;

/// <summary>
/// Endpoint metadata: the endpoint needs nothing but the caller's key, the value that its path ends with, and memory. Where the key
/// is in memory, opens and reaches, the server asks it at once, past what other requests go through (routing, cross-origin answers,
/// policies, checks of the query, forms). In every other case the request takes the ordinary road to the same endpoint.
/// </summary>
/// <param name="Least">The role the endpoint's policy asks for.</param>
/// <param name="Parameter">The name of the path's last part, which is its only parameter.</param>
/// <param name="Answer">Answers for the holder of the key, and the path's last part. Takes no scoped services.</param>
public sealed record AnswersFromMemory(AccessRole Least, string Parameter, Func<HttpContext, KeyHolder, string, Task> Answer);
