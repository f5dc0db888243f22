using Delivery.Evaluation;
using static Delivery.Client.Tests.Scenario;

namespace Delivery.Client.Tests;

public sealed class EvaluatingTests
{
    private static readonly EvaluationContext User = new("user-1");

    private static readonly Ruleset Flags = Ruleset(
        7,
        Boolean(),
        Flag("banner", FlagType.String, "\"blue\"", "\"grey\"", version: 3, sequence: 7),
        Flag("limit", FlagType.Number, "12.5", "0"),
        Flag("layout", FlagType.Object, """{"columns":3}""", "{}"),
        Boolean("retired") with { Archived = true });

    [Fact]
    public void each_type_gives_the_value_of_the_variant_served()
    {
        var client = DeliveryClient.Offline(Flags);
        client.EvaluateBoolean("new-checkout", User, false).ShouldBeTrue();
        client.EvaluateString("banner", User, "none").ShouldBe("blue");
        client.EvaluateNumber("limit", User, -1).ShouldBe(12.5);
        client.EvaluateObject("layout", User, default).GetProperty("columns").GetInt32().ShouldBe(3);
    }

    [Fact]
    public void details_tell_variant_reason_version_and_sequence()
    {
        var details = DeliveryClient.Offline(Flags).EvaluateStringDetails("banner", User, "none");
        details.ShouldBe(new FlagDetails<string>(
            "blue", "on", EvaluationReason.Static, FlagError.None, null, details.Why, 3, 7, Stale: false));
        details.Why.Kind.ShouldBe(WhyKind.Default);
    }

    [Theory]
    [InlineData("nowhere", FlagError.FlagNotFound)]
    [InlineData("retired", FlagError.FlagNotFound)]
    [InlineData("banner", FlagError.TypeMismatch)]
    [InlineData(null, FlagError.FlagNotFound)]
    public void an_error_gives_the_default_value_and_says_why(string? flag, FlagError error)
    {
        var details = DeliveryClient.Offline(Flags).EvaluateBooleanDetails(flag!, User, defaultValue: true);
        details.Value.ShouldBeTrue();
        details.Error.ShouldBe(error);
        details.Reason.ShouldBe(EvaluationReason.Error);
        details.Variant.ShouldBeNull();
        details.ErrorDetails.ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public void a_default_that_splits_by_the_targeting_key_says_that_it_is_missing()
    {
        var split = new Serve.Split(new Split { Weights = [new VariantWeight("on", 1), new VariantWeight("off", 1)] });
        var client = DeliveryClient.Offline(Ruleset(7, Boolean() with { Default = split }));

        var details = client.EvaluateBooleanDetails("new-checkout", EvaluationContext.Empty, defaultValue: true);

        details.Value.ShouldBeTrue();
        details.Error.ShouldBe(FlagError.TargetingKeyMissing);
        client.EvaluateBooleanDetails("new-checkout", User, true).Error.ShouldBe(FlagError.None);
    }

    [Fact]
    public void without_a_ruleset_every_evaluation_gives_the_default_value_and_not_ready()
    {
        var client = new Scenario().Client;
        client.EvaluateBooleanDetails("new-checkout", User, true).Error.ShouldBe(FlagError.NotReady);
        client.EvaluateString("banner", User, "none").ShouldBe("none");
        client.EvaluateNumber("limit", User, 4).ShouldBe(4);
        client.EvaluateObject("layout", User, Json("[1]")).GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public void a_missing_context_is_an_empty_one() =>
        DeliveryClient.Offline(Flags).EvaluateBoolean("new-checkout", null, false).ShouldBeTrue();

    [Fact]
    public void a_killed_flag_serves_its_off_variant_with_reason_disabled()
    {
        var details = DeliveryClient.Offline(Ruleset(1, Boolean(killed: true))).EvaluateBooleanDetails("new-checkout", User, true);
        details.Value.ShouldBeFalse();
        details.Reason.ShouldBe(EvaluationReason.Disabled);
    }
}
