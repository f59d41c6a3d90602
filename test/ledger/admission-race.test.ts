/**
 * Eight processes admit at the same moment. Admission counts in memory, so it is the manager's lock that makes it one
 * at a time: with it exactly the limit is reserved; without it this very test finds that the limit is passed.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Ledger } from "../../src/ledger/ledger.ts";
import { assignmentOf, draftOf } from "../support/drafts.ts";
import { ledgerProgram, type LedgerProgram } from "../support/ledger-program.ts";
import { waitFor } from "../support/wait-for.ts";

const PROCESSES = 8;
const limitTokens = 1_000;
const eachTokens = 100;

let folder: string;
let file: string;
const programs: LedgerProgram[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ctm-race-"));
  file = join(folder, "ledger.sqlite");
  const ledger = Ledger.open(file);
  const assignment = assignmentOf({ agent: "claude", model: "sonnet", reserveTokens: eachTokens });
  ledger.add(
    Array.from({ length: 60 }, () => ({ draft: draftOf("work"), assignment })),
    1,
  );
  ledger.close();
});
afterEach(() => {
  for (const { child } of programs.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

/** Starts them, lets them go at once, and returns what each said. */
async function race(how: "locked" | "unlocked"): Promise<string[][]> {
  for (let n = 0; n < PROCESSES; n += 1) programs.push(await ledgerProgram(["admit", file, how]));
  const ready = () => programs.every((program) => program.acknowledged().includes("ready"));
  await waitFor("all of them to stand at the line", ready);
  for (const { child } of programs) child.send("go");
  for (const program of programs) expect([(await program.ended).code, program.faults()]).toEqual([0, ""]);
  return programs.map((program) => program.acknowledged());
}

/** Tokens reserved, and by how many attempts of how many tasks. */
function reserved(): { tokens: number; attempts: number; tasks: number } {
  const ledger = Ledger.open(file);
  const rows = ledger.spend.openReservations();
  const tasks = new Set(rows.map(({ attempt_id }) => ledger.attempts.byId(attempt_id)?.task_id));
  ledger.close();
  return { tokens: rows.reduce((sum, row) => sum + row.tokens, 0), attempts: rows.length, tasks: tasks.size };
}

describe("F20: eight processes admit at once (G7)", () => {
  it("with the lock of a manager: one at a time, and exactly the limit is reserved", async () => {
    const said = await race("locked");
    expect(reserved()).toEqual({ tokens: limitTokens, attempts: 10, tasks: 10 });
    const admitted = said.map((lines) => Number(/\d+/.exec(lines.at(-1) ?? "")?.[0]));
    expect(admitted.reduce((sum, n) => sum + n, 0)).toBe(10);
  });

  it("negative control: without it they pass the limit; even then no task is reserved twice", async () => {
    await race("unlocked");
    const { tokens, attempts, tasks } = reserved();
    expect(tokens).toBeGreaterThan(limitTokens);
    expect(tasks).toBe(attempts);
  });
});
