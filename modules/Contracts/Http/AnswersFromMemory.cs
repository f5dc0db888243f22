using Microsoft.AspNetCore.Http;

namespace Delivery.Contracts.Http;

/// <summary>
/// Endpoint metadata: the endpoint needs nothing but the caller's key and memory. Once it is routed, and the key is in memory,
/// opens and reaches, the server asks it at once, past the steps that other requests take (cross-origin answers, policies,
/// checks of the query, forms). In every other case the request takes the ordinary road to the same endpoint.
/// </summary>
/// <param name="Least">The role the endpoint's policy asks for.</param>
/// <param name="Answer">Answers for the holder of the key.</param>
public sealed record AnswersFromMemory(AccessRole Least, Func<HttpContext, KeyHolder, Task> Answer);
