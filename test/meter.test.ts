import { describe, expect, it } from "vitest";
import { FactBus } from "../src/events/bus.ts";
import type { Fact } from "../src/events/facts.ts";
import { recordedEntry } from "../src/ledger/usage-entry.ts";
import { priceTable } from "../src/metering/prices.ts";
import { NO_USAGE } from "../src/metering/usage.ts";
import { Meter } from "../src/meter.ts";
import { Throttle } from "../src/throttle/throttle.ts";

const NOW_MS = Date.UTC(2026, 1, 13, 10);

describe("levels", () => {
  it("C-02: are told when a booking brings a limit to another one, and only then", () => {
    const limit = {
      scope: { kind: "global" },
      unit: "tokens",
      window: "hour",
      form: "rolling",
      amount: 100_000,
    } as const;
    const throttle = new Throttle({
      limits: [limit],
      timeZone: "UTC",
      criticalHeadroomPercent: 5,
      pauseAt: null,
      hardStop: false,
      oversized: "run",
      countSimulated: true,
    });
    const bus = new FactBus();
    const told: Fact[] = [];
    bus.subscribe((fact) => told.push(fact));
    const entryRules = { prices: priceTable("list"), countCacheReads: false };
    const traits = () => ({ spends: true, simulated: false });
    const meter = new Meter({ throttle, bus, entryRules, traits, now: () => NOW_MS });
    const owner = {
      attemptId: null,
      taskId: null,
      worker: "w",
      agent: "claude",
      model: "sonnet",
      type: null,
    };
    const book = (key: string, inputTokens: number): void => {
      const record = {
        key,
        model: null,
        usage: { ...NO_USAGE, inputTokens },
        atMs: null,
        sessionId: null,
        cliVersion: null,
        flags: [],
      };
      const entry = recordedEntry(record, owner, "actual", entryRules, NOW_MS);
      meter.booked([{ entry, addedTokens: entry.bookedTokens, addedNanoUsd: entry.bookedNanoUsd }]);
    };
    book("a", 79_999);
    book("b", 1);
    book("c", 1_000);
    book("d", 18_001);
    const levels = told.flatMap((fact) =>
      fact.kind === "level-changed" ? [`${fact.limitId}: ${fact.from} > ${fact.to}`] : [],
    );
    expect(levels).toEqual(["global tokens/hour: NONE > WARNING", "global tokens/hour: WARNING > CRITICAL"]);
  });
});
