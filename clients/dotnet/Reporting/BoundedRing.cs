using System.Numerics;
using System.Runtime.InteropServices;

namespace Delivery.Client.Reporting;

/// <summary>
/// A bounded queue of structs, allocated once: any number of writers, one reader, no lock and no allocation.
/// </summary>
/// <remarks>
/// D. Vyukov's bounded queue (1024cores.net, "Bounded MPMC queue"): each cell carries the turn in which it may be
/// written or read next, so a writer owns a cell by one compare-exchange of the tail.
/// </remarks>
internal sealed class BoundedRing<T>
    where T : struct
{
    private readonly Cell[] _cells;
    private readonly int _mask;
    private Position _tail;
    private Position _head;

    internal BoundedRing(int capacity)
    {
        _cells = new Cell[BitOperations.RoundUpToPowerOf2((uint)capacity)];
        _mask = _cells.Length - 1;
        for (var i = 0; i < _cells.Length; i++)
            _cells[i].Turn = i;
    }

    internal int Capacity => _cells.Length;

    /// <summary>How many were ever written.</summary>
    internal long Written => Volatile.Read(ref _tail.Value);

    /// <summary>How many wait now, roughly.</summary>
    internal long Count => Math.Max(0, Written - Volatile.Read(ref _head.Value));

    /// <summary>Adds an item; false when the ring is full.</summary>
    internal bool TryWrite(in T item)
    {
        var position = Volatile.Read(ref _tail.Value);
        while (true)
        {
            ref var cell = ref _cells[(int)position & _mask];
            var ahead = Volatile.Read(ref cell.Turn) - position;
            if (ahead < 0)
                return false;
            var seen = ahead == 0 ? Interlocked.CompareExchange(ref _tail.Value, position + 1, position) : Volatile.Read(ref _tail.Value);
            if (ahead == 0 && seen == position)
            {
                cell.Item = item;
                Volatile.Write(ref cell.Turn, position + 1);
                return true;
            }

            position = seen;
        }
    }

    /// <summary>Takes the oldest item; for the one reader.</summary>
    internal bool TryRead(out T item)
    {
        var position = _head.Value;
        ref var cell = ref _cells[(int)position & _mask];
        if (Volatile.Read(ref cell.Turn) != position + 1)
        {
            item = default;
            return false;
        }

        item = cell.Item;
        cell.Item = default;
        Volatile.Write(ref cell.Turn, position + _cells.Length);
        Volatile.Write(ref _head.Value, position + 1);
        return true;
    }

    private struct Cell
    {
        public long Turn;
        public T Item;
    }
}

/// <summary>A counter on cache lines of its own, so that writers and the reader do not slow each other down.</summary>
[StructLayout(LayoutKind.Explicit, Size = 192)]
internal struct Position
{
    [FieldOffset(64)]
    public long Value;
}
