/** What workers cost while much is printed, and between two tasks. */
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { draftOf } from "../support/drafts.ts";
import { startApp } from "./bench-app.ts";
import { median, ms, percentile, type Figure } from "./figures.ts";
import { memoryMiB } from "./process-figures.ts";

const floodMs = 15_000;
const askEveryMs = 50;

/** Ten workers print as fast as they can: how late is an answer, and does memory grow? */
export async function flooding(): Promise<Figure[]> {
  const bench = await startApp(10);
  const { app, config } = bench;
  try {
    const flood = `i=0; while [ ! -e stop ]; do seq 1000; done`;
    const drafts = Array.from({ length: 10 }, () => draftOf(flood, { cwd: config.workers.cwd }));
    const ids = app.submitMany(drafts).map(({ task }) => task.id);
    app.setAuto(true);
    await pause(3_000);
    const late: number[] = [];
    const memory = [memoryMiB(process.pid)];
    for (let askedMs = performance.now(), endMs = askedMs + floodMs; askedMs < endMs; ) {
      // From the moment it should have been asked: a busy event loop is part of the wait.
      await pause(askEveryMs);
      app.status();
      late.push(performance.now() - askedMs - askEveryMs);
      askedMs = performance.now();
    }
    memory.push(memoryMiB(process.pid));
    execFileSync("touch", [join(config.workers.cwd, "stop")]);
    await app.whenFinal(ids);
    const [first = 0, last = 0] = memory;
    return [
      {
        what: "10 workers print: status answers within",
        measured: `${ms(median(late))} p50, ${ms(percentile(late, 0.99))} p99`,
        ratio: "",
        goal: "100 ms",
        met: percentile(late, 0.99) <= 100,
      },
      {
        what: "10 workers print: memory of the manager",
        measured: `${Math.round(first)} MiB, then ${Math.round(last)} MiB`,
        ratio: "",
        goal: "flat",
        met: last < first * 1.2,
      },
    ];
  } finally {
    await bench.end();
  }
}

/** From the last act of a task's own command to the moment the next one has been typed. */
export async function following(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const [workers, tasks, seconds] of [
    [1, 20, 0.3],
    [10, 100, 1],
    [50, 200, 4],
  ] as const) {
    const gaps = await gapsMs(workers, tasks, seconds);
    figures.push({
      what: `end to next typed, ${workers} ${workers === 1 ? "worker" : "workers"}`,
      measured: `${ms(median(gaps))} p50, ${ms(percentile(gaps, 0.99))} p99`,
      ratio: "",
      goal: "p99 at most 50 ms",
      met: percentile(gaps, 0.99) <= 50,
    });
  }
  return figures;
}

async function gapsMs(workers: number, tasks: number, seconds: number): Promise<number[]> {
  const bench = await startApp(workers);
  const { app, config } = bench;
  const ends = join(bench.folder, "ends");
  mkdirSync(ends);
  try {
    const drafts = Array.from({ length: tasks }, (_, n) => {
      // Not all at the same moment: half to one and a half of the time.
      const sleep = seconds * (0.5 + ((n * 7) % 11) / 11);
      return draftOf(`sleep ${sleep.toFixed(3)}; date +%s%N >${ends}/${n}`, { cwd: config.workers.cwd });
    });
    const ids = app.submitMany(drafts).map(({ task }) => task.id);
    app.setAuto(true);
    await app.whenFinal(ids);
    const endedMs = new Map(
      readdirSync(ends).map((name) => [
        ids[Number(name)] ?? 0,
        Number(readFileSync(join(ends, name), "utf8")) / 1e6,
      ]),
    );
    const byWorker = new Map<string, { typedAtMs: number; endedAtMs: number }[]>();
    for (const id of ids) {
      const attempt = app.taskDetails(id).attempts.at(-1);
      if (attempt?.typedAtMs == null) throw new Error(`task ${id} was not typed`);
      const own = byWorker.get(attempt.worker) ?? [];
      byWorker.set(attempt.worker, own);
      own.push({ typedAtMs: attempt.typedAtMs, endedAtMs: endedMs.get(id) ?? Number.NaN });
    }
    return [...byWorker.values()].flatMap((own) => {
      const inOrder = own.toSorted((a, b) => a.typedAtMs - b.typedAtMs);
      return inOrder.slice(1).map(({ typedAtMs }, index) => typedAtMs - (inOrder[index]?.endedAtMs ?? 0));
    });
  } finally {
    await bench.end();
  }
}

/** The manager's memory with 50 workers and a long queue. */
export async function remembering(): Promise<Figure[]> {
  const bench = await startApp(50);
  try {
    const before = memoryMiB(process.pid);
    for (let batch = 0; batch < 10; batch += 1)
      bench.app.submitMany(Array.from({ length: 10_000 }, (_, n) => draftOf(`echo ${batch} ${n}`)));
    await pause(2_000);
    const after = memoryMiB(process.pid);
    const measured = `${Math.round(before)} MiB, then ${Math.round(after)} MiB`;
    const what = "memory, 50 workers, before and after 100,000 tasks";
    return [{ what, measured, ratio: "", goal: "", met: null }];
  } finally {
    await bench.end();
  }
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
