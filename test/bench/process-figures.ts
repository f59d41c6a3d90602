/** What the kernel knows of a process. */
import { readFileSync } from "node:fs";

/** Milliseconds of CPU a process has used so far, its ended children not counted. */
export function cpuMs(pid: number): number {
  const [ranNs = "0"] = readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ");
  return Number(ranNs) / 1e6;
}

/** Resident memory in MiB. */
export function memoryMiB(pid: number): number {
  const found = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(found?.[1] ?? Number.NaN) / 1_024;
}
