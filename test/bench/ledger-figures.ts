/** What the queue, the admission and the views cost as the ledger grows. */
import { rmSync } from "node:fs";
import { openApp, type App } from "../../src/app.ts";
import { loadConfig } from "../../src/config.ts";
import type { TaskDraft } from "../../src/tasks/task.ts";
import { sealOf } from "../../src/ledger/seal.ts";
import { draftOf } from "../support/drafts.ts";
import { EngineBench } from "../support/engine-bench.ts";
import { homeFolder, type Home } from "./bench-app.ts";
import { bigLedger, ledgerOf } from "./big-ledger.ts";
import { median, ms, repeated, timed, times, type Figure } from "./figures.ts";

const manyTasks = 100_000;
const fewTasks = 100;
const usages = 1_000_000;

/** The app on a state folder, without workers. */
async function offline(stateDir: string): Promise<App> {
  const config = await loadConfig({
    overrides: { stateDir, agent: "rehearsal" },
    env: { PATH: process.env["PATH"], HOME: stateDir },
    cwd: stateDir,
  });
  return openApp(config, "offline");
}

/** Adding, durably: one by one into an empty and into a long queue, and 100,000 in one batch. */
export async function adding(): Promise<Figure[]> {
  const stateDir = homeFolder("disk");
  const app = await offline(stateDir);
  const drafts = (count: number): TaskDraft[] =>
    Array.from({ length: count }, (_, n) => draftOf(`Write a test for module ${n}`));
  const oneByOne = async (): Promise<number> =>
    (await timed(() => drafts(500).forEach((draft) => app.submit(draft)))) / 500;
  try {
    const empty = median(await repeated(3, oneByOne));
    const batchMs = await timed(() => app.submitMany(drafts(manyTasks)));
    const long = median(await repeated(3, oneByOne));
    const each = batchMs / manyTasks;
    return [
      { what: "one by one, short queue", measured: `${ms(empty)} a task`, ratio: "", goal: "", met: null },
      {
        what: "one by one, 100,000 queued",
        measured: `${ms(long)} a task: ${((long * manyTasks) / 1_000).toFixed(0)} s for 100,000`,
        ratio: times(long / empty),
        goal: "flat",
        met: long / empty < 1.5,
      },
      {
        what: "100,000 in one batch",
        measured: `${ms(batchMs)}: ${ms(each)} a task`,
        ratio: times(each / empty),
        goal: "",
        met: null,
      },
    ];
  } finally {
    await app.close({ workers: "leave" });
    rmSync(stateDir, { recursive: true, force: true });
  }
}

/** From the start of a pass to the task at its worker: reading, deciding, reserving; then with its wait for the disk. */
export async function deciding(): Promise<Figure[]> {
  const few = await decisionMs(fewTasks, "memory");
  const many = await decisionMs(manyTasks, "memory");
  const durable = await decisionMs(manyTasks, "disk");
  return [
    { what: "decision, 100 queued", measured: ms(few), ratio: "", goal: "below 1 ms", met: few < 1 },
    {
      what: "decision, 100,000 queued",
      measured: ms(many),
      ratio: times(many / few),
      goal: "below 1 ms, flat",
      met: many < 1 && many / few < 1.5,
    },
    { what: "the same, durable", measured: ms(durable), ratio: times(durable / many), goal: "", met: null },
    await admissions(),
  ];
}

async function decisionMs(queued: number, home: Home): Promise<number> {
  const folder = homeFolder(home);
  const bench = new EngineBench({ limits: { "tokens/hour": 1e12 }, ledgerFile: `${folder}/ledger.sqlite` });
  try {
    bench.engine.submit(Array.from({ length: queued }, (_, n) => draftOf(`10 task ${n}`)));
    return median(
      await repeated(60, async () => {
        const tookMs = await timed(() => bench.engine.distribute());
        for (const order of bench.distributor.orders.splice(0)) {
          order.intend();
          await order.typed();
          bench.distributor.ended(order.attemptId, { kind: "completed", exitCode: 0, answer: null }, []);
        }
        await bench.settled();
        // Two workers were free, so two were decided.
        return tookMs / 2;
      }),
    );
  } finally {
    bench.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The throttle alone: admit, reserve, settle. */
async function admissions(): Promise<Figure> {
  const bench = new EngineBench({
    limits: { "tokens/hour": 1e12, "worker * tokens/day": 1e12, "cost/day": 1e15 },
  });
  const subject = { worker: "w1", agent: "claude", model: "sonnet" };
  const spend = { tokens: 10, nanoUsd: 30 };
  const count = 20_000;
  const tookMs = await timed(() => {
    for (let n = 0; n < count; n += 1) {
      const wish = {
        subject,
        spend,
        priority: "normal",
        simulated: false,
        oversizedApproved: false,
      } as const;
      const admission = bench.throttle.admit(
        { ...wish, attemptId: `a${n}`, blockedLimits: new Set<string>() },
        bench.nowMs,
      );
      if (admission.kind !== "admitted") throw new Error("it was not admitted");
      bench.throttle.reserve({ ...admission.reservation, attemptId: `a${n}`, sinceMs: bench.nowMs });
      bench.throttle.settle(`a${n}`);
    }
  });
  bench.close();
  const perSecond = Math.round((count / tookMs) * 1_000);
  return {
    what: "admissions, each reserved and settled",
    measured: `${perSecond.toLocaleString("en")} a second`,
    ratio: "",
    goal: "",
    met: null,
  };
}

/** Views and the start, over a thousand and over a million usages. */
export async function viewing(): Promise<Figure[]> {
  const small = await viewsOver(1_000);
  const big = await viewsOver(usages);
  return Object.entries(big).map(([name, bigMs]) => {
    const smallMs = small[name] ?? Number.NaN;
    const starts = name.startsWith("start");
    const goalMs = starts ? 1_000 : 10;
    return {
      what: `${name}, 1,000,000 usages`,
      measured: ms(bigMs),
      ratio: `${times(bigMs / smallMs)} of 1,000`,
      goal: starts ? "below 1 s" : "below 10 ms, flat",
      met: bigMs < goalMs,
    };
  });
}

async function viewsOver(count: number): Promise<Record<string, number>> {
  const { stateDir, end } = bigLedger(count);
  try {
    const [starts, readThrough] = [[] as number[], [] as number[]];
    const views = new Map<string, number[]>();
    for (let round = 0; round < 6; round += 1) {
      // As it is when it was not closed, and every other time as it was closed.
      const throughout = round % 2 === 0;
      if (throughout) rmSync(sealOf(ledgerOf(stateDir)), { force: true });
      const startedMs = performance.now();
      const app = await offline(stateDir);
      (throughout ? readThrough : starts).push(performance.now() - startedMs);
      for (const view of ["status", "metrics", "throttle"] as const)
        for (let n = 0; n < 3; n += 1)
          views.set(view, [...(views.get(view) ?? []), await timed(() => app[view]())]);
      await app.close({ workers: "leave" });
    }
    const figures = [...views].map(([view, took]) => [view, median(took)] as const);
    return {
      ...Object.fromEntries(figures),
      start: median(starts),
      "start that reads it through": median(readThrough),
    };
  } finally {
    end();
  }
}
