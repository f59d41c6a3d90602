/**
 * A process of its own on a real ledger, to be killed, starved or raced by a test: `node ledger-child.mjs MODE FILE ...`.
 * What it prints, a line each, is what it was acknowledged.
 */
import { writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { exitCodeOf } from "../../src/base/errors.ts";
import { attemptOf, Ledger } from "../../src/ledger/ledger.ts";
import { LOCK_FILE, takeManagerLock } from "../../src/ledger/manager-lock.ts";
import type { Task } from "../../src/tasks/task.ts";
import { assignmentOf, draftOf } from "./drafts.ts";
import { EngineBench } from "./engine-bench.ts";

const [mode = "", file = "", ...rest] = process.argv.slice(2);
const say = (line: string): void => void writeSync(1, `${line}\n`);

try {
  await run();
} catch (error) {
  writeSync(2, `${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = exitCodeOf(error);
}

async function run(): Promise<void> {
  if (mode === "submit") submit(Number(rest[0]), rest[1] ?? null);
  else if (mode === "lives")
    lives(Number(rest[0]), Number(rest[1] ?? Number.POSITIVE_INFINITY), rest[2] ?? null);
  else if (mode === "gathers") await gathers(rest[0] === "synced", Number(rest[1]));
  else if (mode === "admit") await admit(rest[0] === "locked");
  else throw new Error(`no such mode: ${mode}`);
}

/** Adds tasks one by one and says each that was acknowledged; then dies like a machine without power. */
function submit(count: number, synchronous: string | null): void {
  const ledger = Ledger.open(file);
  if (synchronous !== null) ledger.database.pragma(`synchronous = ${synchronous}`);
  for (let n = 0; n < count; n += 1) {
    const [added] = ledger.add(
      [{ draft: draftOf(`task ${n}`, { key: `k${n}` }), assignment: assignmentOf() }],
      n,
    );
    say(String(added?.task.id));
  }
  process.kill(process.pid, "SIGKILL");
}

/** Takes tasks through their lives, and says each move that was acknowledged; dies behind the `cutAfter`-th of them. */
function lives(count: number, cutAfter: number, synchronous: string | null): void {
  const ledger = Ledger.open(file);
  if (synchronous !== null) ledger.database.pragma(`synchronous = ${synchronous}`);
  let moves = 0;
  const held = { tokens: 10, nanoUsd: 10, oversized: false };
  for (let n = 0; n < count; n += 1) {
    const told = (task: Task): Task => {
      say(`k${n} ${task.state.name}`);
      moves += 1;
      if (moves === cutAfter) process.kill(process.pid, "SIGKILL");
      return task;
    };
    const [added] = ledger.add([{ draft: draftOf("work", { key: `k${n}` }), assignment: assignmentOf() }], n);
    if (added === undefined) throw new Error("nothing was added");
    const attempt = { id: `a${n}`, worker: "w1", agent: "claude", model: "sonnet" };
    const reserved = told(ledger.reserve(told(added.task), attempt, held, n));
    const intent = {
      launchId: "l",
      pane: "{}",
      previousAttempt: "",
      textSha256: "",
      sessionId: null,
      recordPath: null,
    };
    const typed = ledger.typed(
      told(ledger.intend(reserved, { ...intent, attemptId: attemptOf(reserved) }, n)),
      n,
    );
    const running = told(ledger.run(told(typed), { sessionId: null, recordPath: null }, n));
    told(ledger.finish(running, { kind: "completed", exitCode: null, answer: "done" }, [], n).task);
  }
  ledger.close();
}

/** The way of a task in auto mode: each move is committed, and told when it is synced, or at once; dies behind the n-th. */
async function gathers(synced: boolean, cutAfter: number): Promise<void> {
  const ledger = Ledger.open(file);
  const [added] = ledger.add([{ draft: draftOf("work", { key: "k0" }), assignment: assignmentOf() }], 0);
  if (added === undefined) throw new Error("nothing was added");
  let moves = 0;
  const told = async (act: () => Task): Promise<Task> => {
    const task = ledger.commit(act);
    if (synced) await ledger.sync();
    say(`k0 ${task.state.name}`);
    moves += 1;
    if (moves === cutAfter) process.kill(process.pid, "SIGKILL");
    return task;
  };
  const attempt = { id: "a0", worker: "w1", agent: "claude", model: "sonnet" };
  const held = { tokens: 10, nanoUsd: 10, oversized: false };
  const intent = { launchId: "l", pane: "{}", previousAttempt: "", textSha256: "", attemptId: "a0" };
  const nowhere = { sessionId: null, recordPath: null };
  const reserved = await told(() => ledger.reserve(added.task, attempt, held, 1));
  const intended = await told(() => ledger.intend(reserved, { ...intent, ...nowhere }, 2));
  const typed = await told(() => ledger.typed(intended, 3));
  const running = await told(() => ledger.run(typed, nowhere, 4));
  await told(() => ledger.finish(running, { kind: "completed", exitCode: null, answer: "" }, [], 5).task);
}

/** Admits as many tasks as there is room for, at the moment its parent says go; with the manager's lock, or without. */
async function admit(locked: boolean): Promise<void> {
  const open = (): EngineBench => {
    const workers = Array.from({ length: 20 }, (_, n) => `w${process.pid}-${n}`);
    const limits = { "tokens/hour": 1_000 };
    const bench = new EngineBench({ limits, workers, ledgerFile: file, attempts: `${process.pid}-` });
    bench.crash(); // What a start does: the windows are rebuilt from the rows.
    return bench;
  };
  const early = locked ? null : open();
  say("ready");
  await new Promise((resolve) => process.once("message", resolve));
  const lock = locked ? await lockInTurn() : null;
  const bench = early ?? open();
  // A task that another took first is none of ours: the next pass looks at the others.
  for (let n = 0; n < (locked ? 1 : 30); n += 1) await bench.engine.distribute().catch(() => undefined);
  bench.close();
  lock?.release();
  say(`admitted ${bench.distributor.sent.length}`);
  process.disconnect();
}

async function lockInTurn(): Promise<{ release(): void }> {
  let refusals = 0;
  for (;;) {
    try {
      const lock = takeManagerLock(join(dirname(file), LOCK_FILE));
      say(`refused ${refusals} times`);
      return lock;
    } catch (error) {
      if (exitCodeOf(error) !== 75) throw error;
      refusals += 1;
      await new Promise((again) => setTimeout(again, 150));
    }
  }
}
