import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { coordinate, setRole } from "../src/coordinating.ts";
import { metricsModel } from "../src/overview/metrics.ts";
import { workerRows } from "../src/overview/worker-rows.ts";
import { renderMetrics } from "../src/reports/metrics.ts";
import { renderWorkers } from "../src/reports/workers-table.ts";
import { OverviewBench } from "./support/overview-bench.ts";
import { plainPaper } from "./reports/models.ts";

let bench: OverviewBench;
beforeEach(async () => void (bench = await OverviewBench.open()));
afterEach(() => bench.close());

const shareLine = (): string =>
  renderMetrics(metricsModel(bench.sources), plainPaper(120)).find((line) =>
    line.includes("Coordinator share"),
  ) ?? "";

describe("a worker that coordinates", () => {
  it("gets no tasks until it is a worker again, and the list says so", () => {
    const [worker] = bench.workers;
    if (worker === undefined) throw new Error("the bench has workers");
    const { ledger } = bench.sources;
    setRole(worker, "coordinator", ledger, 5);
    expect(worker.free).toBe(false);
    expect(renderWorkers(workerRows(bench.sources), plainPaper(80)).join("\n")).toContain("COORDINATES");
    setRole(worker, "worker", ledger, 9);
    expect(worker.free).toBe(true);
    expect(ledger.coordinators.all()).toMatchObject([{ name: worker.name, sinceMs: 5, untilMs: 9 }]);
  });
});

describe("the coordinator share of the metrics", () => {
  it("is 0 with its reason, n/a, or what was read, of all tokens together", () => {
    const { ledger } = bench.sources;
    const folders = { claude: [], codex: [], gemini: [], opencode: [] };
    expect(shareLine()).toContain("0 (no LLM coordinator)");
    const wish = { agent: "claude", session: "s-1234", record: "/nowhere", end: false };
    const marked = coordinate(wish, ledger, folders, 5);
    expect(shareLine()).toMatch(/Coordinator share: +n\/a/);
    ledger.coordinators.book(marked, [
      { key: "claude:x", name: marked.name, atMs: 6, source: "actual", tokens: 40 },
    ]);
    expect(shareLine()).toContain("40 tokens (100.0%)");
    // From the prompt on that led to the call which says so; never from a time to come.
    const later = (session: string, sinceMs: number) =>
      coordinate({ ...wish, session, sinceMs }, ledger, folders, 5).sinceMs;
    expect([later("s-2222", 3), later("s-3333", 7)]).toEqual([3, 5]);
    expect(coordinate({ ...wish, end: true }, ledger, folders, 9)).toMatchObject({ sinceMs: 5, untilMs: 9 });
    expect(() => coordinate({ ...wish, session: "other", end: true }, ledger, folders, 9)).toThrow(
      "not said to",
    );
  });
});
