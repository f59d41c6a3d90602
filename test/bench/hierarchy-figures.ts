/** What one more finished task costs the figures of a hierarchy that has seen a million. */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { Ledger } from "../../src/ledger/ledger.ts";
import { MetricsFiles } from "../../src/metrics-files.ts";
import { invocationLike, invocationNumber } from "../support/invocations.ts";
import { generator } from "../support/random.ts";
import { memberLike, rosterLike } from "../support/rosters.ts";
import { homeFolder } from "./bench-app.ts";
import { median, ms, timed, times, type Figure } from "./figures.ts";

const many = 1_000_000;
const few = 1_000;
const rounds = 200;

/** Sums, percentile and the four files of an agent in one department, of 47 agents. */
export async function counting47(): Promise<Figure[]> {
  const small = await oneMore(few);
  const large = await oneMore(many);
  return [
    {
      what: "one more task, 1,000 before it",
      measured: `${ms(small.workMs)} of CPU, ${ms(small.oneMs)} by the clock`,
      ratio: "",
      goal: "",
      met: null,
    },
    {
      what: "one more task, 1,000,000 before it",
      measured: `${ms(large.workMs)} of CPU, ${ms(large.oneMs)} by the clock`,
      ratio: times(large.workMs / small.workMs),
      goal: "below 10 ms of work",
      met: large.workMs < 10,
    },
    { what: "all counted again, all files", measured: ms(large.rebuildMs), ratio: "", goal: "", met: null },
  ];
}

async function oneMore(count: number): Promise<{ oneMs: number; workMs: number; rebuildMs: number }> {
  const folder = homeFolder("disk");
  const ledger = Ledger.open(join(folder, "ledger.sqlite"));
  try {
    fill(ledger, count);
    const metricsDir = join(folder, ".claude/metrics");
    const setting = {
      file: join(folder, "ctm.roster.yaml"),
      roster: rosterLike({ members: [memberLike("agent-7")] }),
      metricsDir,
    };
    const files = new MetricsFiles({
      setting,
      ledger,
      trouble: (error) => {
        throw error;
      },
    });
    const rebuildMs = await timed(() => {
      ledger.rebuildHierarchy();
      files.writeAll();
    });
    ledger.hierarchy.takeChanged();
    const took: number[] = [];
    const before = process.cpuUsage();
    for (let n = 0; n < rounds; n += 1) took.push(oneTask(ledger, files, n));
    const { user, system } = process.cpuUsage(before);
    const workMs = (user + system) / 1_000 / rounds;
    files.close();
    if (!existsSync(join(metricsDir, "agents/agent-7.json"))) throw new Error("no file was written");
    return { oneMs: median(took), workMs, rebuildMs };
  } finally {
    ledger.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What it adds to the commit that is made anyway, and the files; not the wait for the disk, which is that commit's. */
function oneTask(ledger: Ledger, files: MetricsFiles, n: number): number {
  const one = invocationLike({
    attemptId: `x${n}`,
    member: "agent-7",
    departments: ["d7"],
    durationMs: 61_234 + n * 777,
  });
  const { database } = ledger;
  database.exec("BEGIN IMMEDIATE");
  let startedMs = performance.now();
  ledger.hierarchy.book(one);
  let took = performance.now() - startedMs;
  database.exec("COMMIT");
  startedMs = performance.now();
  files.changed();
  files.flush();
  took += performance.now() - startedMs;
  return took;
}

function fill(ledger: Ledger, count: number): void {
  const random = generator(47);
  const insert = ledger.database.prepare(
    `INSERT INTO invocation (attempt_id, task_id, member, tier, departments, model, outcome, started_at_ms, ended_at_ms, input,
      output, cost_nano, duration_ms, escalation, session_id)
     VALUES (@attemptId, @taskId, @member, @tier, @departments, @model, @outcome, @startedAtMs, @endedAtMs, @inputTokens,
      @outputTokens, @costNanoUsd, @durationMs, @escalation, @sessionId)`,
  );
  ledger.database.transaction(() => {
    for (let n = 0; n < count; n += 1) {
      const one = invocationNumber(n, random);
      insert.run({ ...one, departments: JSON.stringify(one.departments) });
    }
  })();
}
