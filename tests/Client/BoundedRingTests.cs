using Delivery.Client.Reporting;

namespace Delivery.Client.Tests;

public sealed class BoundedRingTests
{
    [Fact]
    public void it_gives_back_in_order_and_takes_no_more_than_its_capacity()
    {
        var ring = new BoundedRing<int>(8);
        for (var lap = 0; lap < 5; lap++)
        {
            for (var i = 0; i < 8; i++)
                ring.TryWrite(i).ShouldBeTrue();
            ring.TryWrite(99).ShouldBeFalse();
            for (var i = 0; i < 8; i++)
            {
                ring.TryRead(out var read).ShouldBeTrue();
                read.ShouldBe(i);
            }

            ring.TryRead(out _).ShouldBeFalse();
        }

        ring.Written.ShouldBe(40);
    }

    [Fact]
    public async Task many_writers_and_one_reader_lose_and_repeat_nothing()
    {
        const int Writers = 4;
        const int Each = 200_000;
        var ring = new BoundedRing<long>(1_024);
        var writers = Enumerable.Range(0, Writers).Select(writer => Task.Run(() =>
        {
            var spin = default(SpinWait);
            for (var i = 0; i < Each; i++)
            {
                while (!ring.TryWrite(((long)writer << 32) | (uint)i))
                    spin.SpinOnce();
            }
        })).ToArray();
        var next = new int[Writers];
        var idle = default(SpinWait);
        for (var read = 0; read < Writers * Each;)
        {
            if (!ring.TryRead(out var item))
            {
                idle.SpinOnce();
                continue;
            }

            ((int)(item & 0xFFFFFFFF)).ShouldBe(next[item >> 32]++);
            read++;
        }

        await Task.WhenAll(writers);
        next.ShouldAllBe(count => count == Each);
    }
}
