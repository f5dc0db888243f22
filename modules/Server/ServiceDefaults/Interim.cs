using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
namespace Delivery.ServiceDefaults;
public static class Temp {
  public static void AddServiceDefaults(this IHostApplicationBuilder b) {}
  public static void MapDefaultEndpoints(this IEndpointRouteBuilder e) { e.MapGet("/health", () => "ok").AllowAnonymous(); }
  public static IEndpointConventionBuilder MapPrometheusScrape(this IEndpointRouteBuilder e) => e.MapGet("/metrics", () => "ok");
}
