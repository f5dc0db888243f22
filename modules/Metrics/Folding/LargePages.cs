using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Delivery.Metrics.Folding;

/// <summary>
/// Asks Linux to back large arrays that are read at random with pages of 2 MiB. With small pages nearly every look-up of a unit or
/// an id misses the processor's table of pages, which costs more than the look-up itself. A hint: where it is not taken, only time is lost.
/// </summary>
internal static partial class LargePages
{
    private const int Advise = 14;
    private const nint PageBytes = 2 << 20;

    /// <summary>A new array of zeros that the collector does not move.</summary>
    public static unsafe T[] New<T>(int length)
        where T : unmanaged
    {
        var array = new T[length];
        var bytes = (nint)length * Unsafe.SizeOf<T>();
        if (bytes < 2 * PageBytes || !OperatingSystem.IsLinux())
            return array;
        fixed (T* start = array)
        {
            var first = ((nint)start + PageBytes - 1) & -PageBytes;
            var last = ((nint)start + bytes) & -PageBytes;
            _ = Hint(first, last - first, Advise);
        }

        return array;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Hint(nint address, nint bytes, int advice);
}
