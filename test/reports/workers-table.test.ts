import { describe, expect, test } from "vitest";
import { UNKNOWN } from "../../src/reports/figure.ts";
import { attentionLines, renderWorkers } from "../../src/reports/workers-table.ts";
import { actual, nano, nowMs, paper, plainPaper, worker } from "./models.ts";

const busy = worker(2, {
  state: "busy",
  model: "sonnet",
  done: 5,
  tokens: actual(18_542),
  cost: actual(nano(0.0556)),
  contextPercent: 38.9,
  task: {
    id: 13,
    text: "実装 authentication",
    startedAtMs: nowMs,
    tokens: actual(900),
    cost: actual(nano(0.002)),
  },
});

describe("workers", () => {
  test("one line a worker, wide text aligned", () => {
    expect(renderWorkers([worker(1, { simulated: true }), busy], plainPaper(140)).slice(2)).toEqual([
      "  worker                  state  for  agent               model   done  failed  tokens     cost  context  task",
      "  concurrent_worker1  w1  IDLE    1m  claude (simulated)  -          0       0       0  $0.0000  ctx n/a  -",
      "  concurrent_worker2  w2  BUSY    1m  claude              sonnet     5       0  18,542  $0.0556  ctx 38%  13: 実装 authentication",
    ]);
  });

  test("narrow paper keeps name, state and task", () => {
    const line = renderWorkers([busy], plainPaper(60))[3] ?? "";
    expect(line).toMatch(/^ {2}concurrent_worker2 .*BUSY .*13: 実装/);
    expect(line).not.toContain("sonnet");
  });

  test("unknown figures are n/a; an adopted session is marked", () => {
    const line = renderWorkers(
      [worker(1, { tokens: UNKNOWN, cost: UNKNOWN, adopted: true })],
      plainPaper(140),
    )[3];
    expect(line).toContain("claude (adopted)");
    expect(line).toMatch(/n\/a +n\/a +ctx n\/a/);
  });

  test("a long question wraps and keeps what to do about it", () => {
    const question = `Do you want to make this edit to ${"a/very/long/path/".repeat(6)}file.ts?`;
    const lines = attentionLines([worker(2, { state: "needs-input", question })], plainPaper(80));
    expect(lines.at(-1)).toBe("      -> answer w2 ... | attach w2");
    expect(lines.length).toBeGreaterThan(2);
  });

  test("a question nobody could read is still a question", () => {
    expect(attentionLines([worker(2, { state: "needs-input" })], plainPaper(80))[0]).toContain(
      "(its screen shows the question)",
    );
  });

  test("a dead worker says when it starts again", () => {
    const dead = worker(1, { state: "dead", because: "exit code 1", untilMs: nowMs + 60_000 });
    expect(attentionLines([dead], plainPaper(80))).toEqual([
      "  concurrent_worker1 is dead, starts again at 10:43: exit code 1  -> why w1",
    ]);
    expect(attentionLines([worker(3), busy], paper(80))).toEqual([]);
  });
});
