using Delivery.Alerting.Channels;

namespace Delivery.Alerting.Tests.Channels;

public sealed class WebhookSignature
{
    /// <summary>Known answer, computed with: printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac secret</summary>
    [Fact]
    public void the_signature_is_hmac_sha256_over_time_dot_body() =>
        WebhookChannel.Sign("secret", DateTimeOffset.FromUnixTimeSeconds(1_700_000_000), """{"a":1}"""u8)
            .ShouldBe("t=1700000000,v1=49f24e537407743fa4a0242bb63b94b9a47ee99cbbe071ccd8a22550ae411686");
}
