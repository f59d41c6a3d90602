import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NO_USAGE, type Usage } from "../../src/metering/usage.ts";
import { telemetryState } from "../../src/overview/telemetry.ts";
import { telemetryWords } from "../../src/reports/telemetry.ts";
import { OverviewBench } from "../support/overview-bench.ts";

let overview: OverviewBench;
beforeEach(async () => {
  overview = await OverviewBench.open();
});
afterEach(() => overview.close());

const state = (receive = true) => {
  const { config, ...rest } = overview.sources;
  return telemetryState({ ...rest, config: { ...config, telemetry: { ...config.telemetry, receive } } });
};
const words = (): string => {
  const seen = state();
  return seen === null ? "off" : telemetryWords(seen);
};

/** A task whose agent was asked to tell, and told this; null = nothing arrived of it. */
async function task(told: Partial<Usage> | null): Promise<void> {
  const { ledger } = overview.bench;
  const launchId = `launch-${overview.bench.nowMs}`;
  const id = await overview.task(1, { inputTokens: 100, outputTokens: 20 });
  const endedAtMs = overview.bench.nowMs;
  ledger.database
    .prepare("UPDATE attempt SET launch_id = ?, intent_at_ms = ? WHERE task_id = ?")
    .run(launchId, endedAtMs - 1_000, id);
  ledger.telemetry.addLaunch(launchId, "claude");
  const usage = { ...NO_USAGE, ...told };
  const response = { key: "r1", atMs: endedAtMs, sessionId: null, model: null, source: null };
  if (told !== null) ledger.telemetry.add(launchId, [{ ...response, usage, costNanoUsd: null }]);
  overview.bench.nowMs += 60_000;
}

describe("telemetry", () => {
  it("says nothing of itself while it is switched off", async () => {
    await task({ inputTokens: 100, outputTokens: 20 });
    expect(state(false)).toBeNull();
  });

  it("is told with when the last response came and that it says what is recorded", async () => {
    expect(words()).toBe("nothing received yet");
    await overview.task(2, { inputTokens: 5 });
    await task({ inputTokens: 100, outputTokens: 20 });
    expect(state()).toMatchObject({ tasks: 1, silent: 0, differenceTokens: 0 });
    expect(words()).toBe("last received 1m ago; the last task: as recorded");
  });

  it("is told with by how much it differs, and of how many nothing arrived", async () => {
    await task({ inputTokens: 1_150, outputTokens: 20 });
    await task({ inputTokens: 100, outputTokens: 20 });
    await task(null);
    expect(words()).toBe(
      "last received 2m ago; the last 2 tasks: +1,050 tokens beside the records; nothing arrived of 1 task",
    );
  });

  it("waits a moment for what an exporter has still to tell", async () => {
    await task(null);
    overview.bench.nowMs -= 59_000;
    expect(state()).toMatchObject({ tasks: 0, silent: 0 });
  });
});
