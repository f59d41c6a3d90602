import { expect, test } from "vitest";
import { isRedisAddress, redis, shownAddress } from "../src/config-redis.ts";

test.each([
  "redis://localhost",
  "redis://127.0.0.1:6379",
  "redis://[::1]:6379/0",
  "rediss://name:p%40ss@redis.example:6380/15",
])("%s is an address", (url) => {
  expect(isRedisAddress(url)).toBe(true);
});

test.each([
  ...["", "localhost:6379", "http://localhost", "redis://", "redis:localhost", "redis://host:99999"],
  ...["redis://host/0/1", "redis://host/a", "redis://host?x=1", "redis://host#x", "redis://:%zz@host"],
  `redis://${"h".repeat(3_000)}`,
])("%s is none", (url) => {
  expect(isRedisAddress(url)).toBe(false);
});

test("what is refused is not repeated, and what is shown has no password", () => {
  const parsed = redis().safeParse({ url: "http://name:secret@host", prefix: "ctm" });
  expect(parsed.success).toBe(false);
  expect(JSON.stringify(parsed.error?.issues)).not.toContain("secret");
  expect(shownAddress("rediss://name:secret@host:7000/3")).toBe("host:7000");
  expect(shownAddress("redis://host")).toBe("host:6379");
});
