import { expect, it } from "vitest";
import { webhookHeaders, webhookKey } from "../../src/alerts/standard-webhook.ts";

it("signs as the specification's published example", () => {
  const key = webhookKey("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  expect(webhookHeaders("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, '{"test": 2432232314}', key)).toEqual({
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  });
});

it.each([
  ["", null],
  ["whsec_", null],
  ["not base64!", null],
  [`whsec_${"A".repeat(28)}`, null],
  [`whsec_${"A".repeat(32)}\n`, 24],
  [`${"A".repeat(86)}==`, 64],
  ["A".repeat(88), null],
])("a secret such as %j has a key of %s bytes", (secret, bytes) => {
  expect(webhookKey(secret)?.length ?? null).toBe(bytes);
});
