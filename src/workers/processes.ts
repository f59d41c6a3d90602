/**
 * The processes of this user, as far as the system shows them (Linux: `/proc`). A process that ends while it is looked
 * at is not there; what another user runs is not looked at.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { faultPoint } from "../faults/fault-point.ts";
import { processStartTime } from "./tmux/pane-identity.ts";

const LOOK = faultPoint("processes.list");
const OWNER = faultPoint("process.owner");
const READ = faultPoint("process.read");

export interface ProcessSeen {
  readonly pid: number;
  /** Clock ticks from the boot of the machine to its start: with the pid it names one process for ever. */
  readonly startTime: number;
  /** Its name as the kernel knows it, at most 15 characters, anything in it. */
  readonly program: string;
}

/** Every process of this user but our own; none where the system does not show them. */
export function ownProcesses(): ProcessSeen[] {
  const uid = process.getuid?.() ?? -1;
  return pidsListed().flatMap((pid) => {
    if (pid === process.pid || !belongsTo(pid, uid)) return [];
    const startTime = processStartTime(pid);
    const program = read(pid, "comm");
    return startTime === null || program === null ? [] : [{ pid, startTime, program: program.trimEnd() }];
  });
}

/** Its environment as it was started with; null when it cannot be read. */
export function environmentOf(pid: number): ReadonlyMap<string, string> | null {
  const text = read(pid, "environ");
  if (text === null) return null;
  const entries = text.split("\0").filter((entry) => entry.includes("="));
  return new Map(
    entries.map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]),
  );
}

/** Its arguments, the program first. */
export function argumentsOf(pid: number): readonly string[] {
  return read(pid, "cmdline")?.split("\0") ?? [];
}

/** The process that started it, or took it over; null when it is gone or the system does not tell. */
export function parentOf(pid: number): number | null {
  const stat = read(pid, "stat");
  // The program's name, in parentheses, may hold anything; the fields after it are plain.
  const parent = Number(stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  return Number.isSafeInteger(parent) ? parent : null;
}

/** Is it still that process? */
export function isStill({ pid, startTime }: Pick<ProcessSeen, "pid" | "startTime">): boolean {
  return processStartTime(pid) === startTime && !isZombie(pid);
}

function isZombie(pid: number): boolean {
  const stat = read(pid, "stat");
  return stat?.slice(stat.lastIndexOf(")") + 2).startsWith("Z") === true;
}

function pidsListed(): number[] {
  try {
    return LOOK.pass(() => readdirSync("/proc"))
      .filter((name) => /^\d{1,10}$/.test(name))
      .map(Number);
  } catch {
    return []; // No /proc.
  }
}

function belongsTo(pid: number, uid: number): boolean {
  return OWNER.pass(() => statSync(`/proc/${pid}`, { throwIfNoEntry: false }))?.uid === uid;
}

function read(pid: number, file: "comm" | "cmdline" | "environ" | "stat"): string | null {
  try {
    return READ.pass(() => readFileSync(`/proc/${pid}/${file}`, "utf8"));
  } catch {
    return null; // It has ended, or does not let us.
  }
}
