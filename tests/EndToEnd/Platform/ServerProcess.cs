using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Delivery.EndToEnd.Tests.Platform;

/// <summary>Finds the server's process the way an operator does who has nothing but the machine: in <c>/proc</c>.</summary>
internal static class ServerProcess
{
    /// <summary>The process that runs the server and listens at an address that no other platform has.</summary>
    public static Process At(Uri url)
    {
        var variable = $"ASPNETCORE_URLS={url.AbsoluteUri.TrimEnd('/')}";
        var numbers = Directory.GetDirectories("/proc").Select(Path.GetFileName).Where(name => name!.All(char.IsAsciiDigit))
            .Where(number => Words(number!, "environ").Contains(variable) && Words(number!, "cmdline").Any(word => word.EndsWith("Delivery.Server.dll", StringComparison.Ordinal)));
        return Process.GetProcessById(int.Parse(numbers.ShouldHaveSingleItem()!, CultureInfo.InvariantCulture));
    }

    /// <summary>Nothing of a process that has ended meanwhile, or that is somebody else's.</summary>
    private static string[] Words(string number, string file)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{number}/{file}")).Split('\0');
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
