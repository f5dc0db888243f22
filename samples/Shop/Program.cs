using Delivery.Client;
using Delivery.ServiceDefaults;
using Delivery.Shop.Alerts;
using Delivery.Shop.Demo;
using Delivery.Shop.Deployments;
using Delivery.Shop.Storefront;
using Delivery.Shop.Traffic;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddStorefront();
if (Deployment.IsOne(builder.Configuration))
{
    await Deployment.RunAsync(builder);
    return;
}

builder.AddTraffic();
builder.AddAlertHook();
await builder.AddDemoAsync();
builder.Services.AddDelivery(options => options.ApplicationName = "shop");

var app = builder.Build();

app.UseFailurePage();
app.UseRouting();
app.UseDelivery(Customers.ContextOf);

app.MapDefaultEndpoints();
app.MapStorefront();
app.MapAlertHook();

await app.RunAsync();
