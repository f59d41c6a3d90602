/** What the kernel knows of a process. */
import { readdirSync, readFileSync } from "node:fs";

/** Milliseconds of CPU all threads of a process have used so far, its ended children not counted. */
export function cpuMs(pid: number): number {
  const ranNs = readdirSync(`/proc/${pid}/task`).map((thread) => {
    const [ran = "0"] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ");
    return Number(ran);
  });
  return ranNs.reduce((sum, ran) => sum + ran, 0) / 1e6;
}

/** Resident memory in MiB. */
export function memoryMiB(pid: number): number {
  const found = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(found?.[1] ?? Number.NaN) / 1_024;
}
