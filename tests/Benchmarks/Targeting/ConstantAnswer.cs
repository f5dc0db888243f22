using System.Buffers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Delivery.Benchmarks.Targeting;

/// <summary>The peer: checks nothing, reads nothing, writes the same bytes; in a server it stands before everything else.</summary>
internal sealed class ConstantAnswer : IStartupFilter
{
    public const string Path = "/empty";

    public byte[] Bytes { get; set; } = [];

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use((http, rest) => http.Request.Path == Path ? AnswerAsync(http) : rest(http));
        next(app);
    };

    public Task AnswerAsync(HttpContext http)
    {
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = Bytes.Length;
        http.Response.BodyWriter.Write(Bytes);
        return Task.CompletedTask;
    }
}
