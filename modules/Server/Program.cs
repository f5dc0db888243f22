using Delivery.Alerting;
using Delivery.Console;
using Delivery.Contracts.Access;
using Delivery.Exposures;
using Delivery.Metrics;
using Delivery.Otlp;
using Delivery.Plugins.Host;
using Delivery.Rollouts;
using Delivery.Server.Access;
using Delivery.Server.Auditing;
using Delivery.Server.EventStore;
using Delivery.Server.Http;
using Delivery.Server.Pipeline;
using Delivery.Server.Plugins;
using Delivery.Server.Routing;
using Delivery.ServiceDefaults;
using Delivery.Targeting;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddEventStore();
builder.AddMessages();
builder.AddCommandPipeline();
builder.AddAccess();
builder.AddHttpApi();

builder.AddOtlp();

builder.AddTargeting();
builder.AddExposures();
builder.AddMetrics();
builder.AddRollouts();
builder.AddAlerting();
builder.AddConsole();
builder.AddPlugins();
builder.AddRouting();

var app = builder.Build();

app.UseHttpApi();
app.MapDefaultEndpoints();
app.MapPrometheusScrape().RequireAuthorization(AccessPolicy.Operator);
app.MapApiReference();
app.MapAccess();
app.MapSignIn();
app.MapAudit();
app.MapPlugins();

app.MapOtlp();

app.MapTargeting();
app.MapExposures();
app.MapMetrics();
app.MapRollouts();
app.MapAlerting();
app.MapConsole();

await app.RunAsync();

/// <summary>The server's entry point, named so that tests can host it.</summary>
public sealed partial class Program;
