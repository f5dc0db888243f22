using Delivery.Console.Parts;
using Delivery.Contracts.Rollouts;

namespace Delivery.Console.Tests.Parts;

public sealed class SentencesTests
{
    [Fact]
    public void an_empty_platform_says_so() => Sentences.Of(Array.Empty<ReleaseView>()).ShouldBe("Nothing is being released.");

    [Fact]
    public void the_sentence_counts_what_is_under_way_and_what_has_ended() =>
        Sentences.Of(
        [
            Given.Release(), Given.Release(RolloutStatus.Paused), Given.Release(RolloutStatus.Aborted), Given.Release(RolloutStatus.Completed),
        ]).ShouldBe("2 releases under way, 1 waiting for someone, 1 stopped, 1 through to the end.");

    [Fact]
    public void the_track_shows_what_is_done_where_it_stands_and_what_is_ahead()
    {
        Track(Given.Release()).ShouldBe(["done", "now", "ahead"]);
        Track(Given.Release(RolloutStatus.Aborted)).ShouldBe(["done", "stopped", "ahead"]);
        Track(Given.Release(RolloutStatus.Completed, stage: 2)).ShouldBe(["done", "done", "done"]);

        static IEnumerable<string> Track(ReleaseView release) => Enumerable.Range(0, 3).Select(i => Words.Stage(release, i));
    }

    [Fact]
    public void every_state_has_a_word_and_an_icon_of_its_own()
    {
        var words = Enum.GetValues<ReleaseHealthWord>();
        words.Select(Words.Of).Distinct().Count().ShouldBe(words.Length);
        words.Select(Words.Icon).Distinct().Count().ShouldBe(words.Length);
    }
}
