import * as z from "zod";
import { describe, expect, it } from "vitest";
import { eventsSchema, triggersOf, triggersSchema } from "../src/trigger-schema.ts";

const read = (written: unknown) => triggersSchema().safeParse(written);
const faults = (written: unknown): string[] => {
  const parsed = read(written);
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join(".")} ${message}`);
};

describe("triggers as they are written", () => {
  it("come out as the gates take them, what is left out as it usually is", () => {
    const parsed = read({
      review: {
        on: "git.review_requested",
        if: { "data.repository": { prefix: "me/" }, not: { "data.bot": true } },
        wake: "react-expert",
        cooldown: "10m",
        debounce: { period: "30s", max: "5m" },
        batch: { max: 20, timeout: "2m", by: "data.repository" },
        rateLimit: { count: 5, per: "1h" },
        budget: { tokens: "50K", cost: 1 },
      },
      nightly: { schedule: { cron: "0 3 * * *" }, trust: "run" },
    });
    const [review, nightly] = triggersOf(parsed.data ?? {}, "Europe/Berlin");
    expect(review).toMatchObject({
      name: "review",
      on: ["git.review_requested"],
      filter: {
        kind: "all",
        of: [
          { kind: "field", field: "data.repository", test: { kind: "prefix", value: "me/" } },
          { kind: "not", of: { kind: "field", test: { kind: "exact", values: [true] } } },
        ],
      },
      cooldownMs: 600_000,
      debounce: { periodMs: 30_000, maxMs: 300_000 },
      batch: { max: 20, timeoutMs: 120_000, by: "data.repository" },
      rate: { count: 5, perMs: 3_600_000 },
      budget: { tokens: 50_000, nanoUsd: 1_000_000_000 },
      mode: "queued",
      depth: 10,
      trust: "held",
      retry: { max: 4 },
      schedule: null,
    });
    expect(nightly?.schedule).toEqual({ cron: "0 3 * * *", timeZone: "Europe/Berlin", catchup: "once" });
  });

  it.each<[unknown, RegExp]>([
    [{ review: {} }, /^review needs on/],
    [{ Review: { on: "a" } }, /short name in lower case/],
    [{ r: { on: "a b" } }, /r\.on\.0 must be a type/],
    [{ r: { on: "a", cooldown: 5 } }, /r\.cooldown must be a time such as 30s/],
    [{ r: { on: "a", cooldwn: "5m" } }, /did you mean cooldown\?/],
    [{ r: { on: "a", mode: "quued" } }, /did you mean queued\?/],
    [{ r: { on: "a", if: "data.x == 1" } }, /r\.if must be conditions/],
    [{ r: { on: "a", if: { "data.x": { matches: ".*" } } } }, /one of exact, prefix, suffix, exists/],
    [{ r: { on: "a", if: { "data.x y": 1 } } }, /which is no field/],
    [{ r: { on: "a", if: { any: [] } } }, /any must be a list/],
    [{ r: { on: "a", debounce: { period: "5m", max: "1m" } } }, /max is below its period/],
    [{ r: { on: "schedule.tick" } }, /takes ticks by its schedule/],
    [{ r: { schedule: { cron: "nope" } } }, /is no cron expression/],
    [{ r: { schedule: { cron: "* * * * *", timeZone: "Mars/Base" } } }, /must be a time zone/],
    [{ r: { on: "a", prompt: "a\u001bb" } }, /can be typed into a terminal/],
    [{ r: { on: "a", budget: { tokens: -1 } } }, /must be tokens/],
  ])("%j is refused in one sentence", (written, fault) => {
    expect(faults(written).join("\n")).toMatch(fault);
  });

  it("are described to editors", () => {
    const described = JSON.stringify(
      z.toJSONSchema(triggersSchema(), { io: "input", unrepresentable: "any" }),
    );
    for (const key of ["cooldown", "debounce", "rateLimit", "catchup", "maxPromptTokens"])
      expect(described).toContain(key);
    expect(JSON.stringify(z.toJSONSchema(eventsSchema(), { io: "input", unrepresentable: "any" }))).toContain(
      "repositories",
    );
  });
});
