using System.Collections.Concurrent;
using System.IO.Compression;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Delivery.Evaluation;

namespace Delivery.Client.Tests;

/// <summary>The server's SDK endpoints without a socket: the test writes the stream's bytes and chooses the answers.</summary>
internal sealed class ServerDouble : HttpMessageHandler
{
    private readonly Channel<StreamDouble> _streams = Channel.CreateUnbounded<StreamDouble>();

    /// <summary>What the intake says, in order; then 200.</summary>
    internal ConcurrentQueue<HttpResponseMessage> Answers { get; } = new();

    /// <summary>Every report that arrived, acknowledged or not.</summary>
    internal ConcurrentQueue<Report> Reports { get; } = new();

    /// <summary>Connections fail as if nothing listened.</summary>
    internal bool Down { get; set; }

    /// <summary>What opening a stream gives instead of a stream.</summary>
    internal HttpStatusCode? StreamStatus { get; set; }

    /// <summary>What <c>GET /sdk/v1/ruleset</c> gives.</summary>
    internal Ruleset? Ruleset { get; set; }

    /// <summary>Intake requests get no answer before this completes.</summary>
    internal Task IntakeOpen { get; set; } = Task.CompletedTask;

    internal async Task<StreamDouble> NextStreamAsync() => await _streams.Reader.ReadAsync(TestContext.Current.CancellationToken);

    internal IEnumerable<JsonElement> Received(string path) => Reports.Where(report => report.Path == path).SelectMany(report => report.Elements);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (Down)
            throw new HttpRequestException("Connection refused");
        return request.RequestUri!.AbsolutePath switch
        {
            "/sdk/v1/stream" => Stream(request),
            "/sdk/v1/ruleset" when Ruleset is not null => new HttpResponseMessage { Content = new ByteArrayContent(RulesetJson.Write(Ruleset)) },
            "/sdk/v1/exposures" or "/sdk/v1/events" => await IntakeAsync(request, cancellationToken),
            _ => new HttpResponseMessage(HttpStatusCode.NotFound),
        };
    }

    private HttpResponseMessage Stream(HttpRequestMessage request)
    {
        if (StreamStatus is { } status)
            return new HttpResponseMessage(status);
        var stream = new StreamDouble(request.RequestUri!.Query);
        _streams.Writer.TryWrite(stream);
        return new HttpResponseMessage { Content = new StreamContent(stream.Reading) };
    }

    private async Task<HttpResponseMessage> IntakeAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Reports.Enqueue(await Report.ReadAsync(request));
        await IntakeOpen.WaitAsync(cancellationToken);
        return Answers.TryDequeue(out var answer) ? answer : Taken();
    }

    internal static HttpResponseMessage Taken(string rejected = "[]") =>
        new() { Content = new StringContent($$"""{"accepted":1,"rejected":{{rejected}},"duplicate":false}""") };
}

/// <summary>One open stream.</summary>
internal sealed class StreamDouble(string query)
{
    private readonly Pipe _pipe = new();

    internal string Query => query;

    internal Stream Reading => _pipe.Reader.AsStream();

    internal Task SendAsync(Ruleset ruleset) =>
        SendAsync($"event: ruleset\nid: {ruleset.Sequence}\ndata: {Encoding.UTF8.GetString(RulesetJson.Write(ruleset))}\n\n");

    internal Task SendAsync(long sequence, FlagDefinition flag) =>
        SendAsync($"event: flag\nid: {sequence}\ndata: {{\"sequence\":{sequence},\"flag\":{JsonSerializer.Serialize(flag, RulesetJson.Default.FlagDefinition)}}}\n\n");

    internal async Task SendAsync(string text)
    {
        await _pipe.Writer.WriteAsync(Encoding.UTF8.GetBytes(text), TestContext.Current.CancellationToken);
    }

    internal void End() => _pipe.Writer.Complete();
}

/// <summary>One report as the server got it.</summary>
internal sealed record Report(string Path, string Source, string Number, bool Compressed, IReadOnlyList<JsonElement> Elements)
{
    internal IEnumerable<Guid> Ids => Elements.Select(element => element.GetProperty("id").GetGuid());

    internal static async Task<Report> ReadAsync(HttpRequestMessage request)
    {
        var body = await request.Content!.ReadAsStreamAsync();
        var compressed = request.Content.Headers.ContentEncoding.Contains("gzip");
        var json = await JsonSerializer.DeserializeAsync<List<JsonElement>>(compressed ? new GZipStream(body, CompressionMode.Decompress) : body);
        return new Report(
            request.RequestUri!.AbsolutePath, request.Headers.GetValues("X-Source").Single(), request.Headers.GetValues("X-Batch").Single(), compressed, json!);
    }
}
