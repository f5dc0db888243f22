using System.Net.Http.Json;
using System.Text.Json;

namespace Delivery.Plugins.Tests.Server;

/// <summary>Asks the server for what comes to be by itself.</summary>
internal static class AskedAgain
{
    private const int Times = 1_200;

    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(100);

    /// <summary>The first answer of a path that meets a condition.</summary>
    /// <param name="client">Who asks.</param>
    /// <param name="path">The path.</param>
    /// <param name="condition">What is waited for.</param>
    /// <param name="meanwhile">What is done before each question.</param>
    public static async Task<JsonElement> UntilAsync(this HttpClient client, string path, Func<JsonElement, bool> condition, Action? meanwhile = null)
    {
        for (var i = 0; ; i++)
        {
            meanwhile?.Invoke();
            var answer = await client.GetFromJsonAsync<JsonElement>(path, TestContext.Current.CancellationToken);
            if (condition(answer))
                return answer;
            (i < Times).ShouldBeTrue($"{path} still says {answer}");
            await Task.Delay(Between, TestContext.Current.CancellationToken);
        }
    }
}
