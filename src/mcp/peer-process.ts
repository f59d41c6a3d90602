/** Which process of this machine is at the other end of a connection on loopback. Linux only; elsewhere nobody is found. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** By the port it calls from and the one it calls; null: nobody who could be seen. */
export function processOfConnection(fromPort: number, toPort: number): number | null {
  const inode = inodeOf(fromPort, toPort);
  if (inode === null) return null;
  for (const pid of quietly(() => readdirSync("/proc"), []))
    if (/^\d+$/.test(pid) && holds(pid, `socket:[${inode}]`)) return Number(pid);
  return null;
}

/** The caller's end in the tables of connections: its own port comes first there. */
function inodeOf(fromPort: number, toPort: number): string | null {
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of quietly(() => readFileSync(table, "utf8"), "")
      .split("\n")
      .slice(1)) {
      const columns = line.trim().split(/\s+/);
      const inode = columns[9];
      if (portOf(columns[1]) === fromPort && portOf(columns[2]) === toPort && inode !== undefined)
        return inode;
    }
  }
  return null;
}

/** `0100007F:0F07`: an address and a port, in hexadecimal digits. */
function portOf(address = ""): number {
  return Number.parseInt(address.split(":")[1] ?? "", 16);
}

function holds(pid: string, socket: string): boolean {
  const files = quietly(() => readdirSync(`/proc/${pid}/fd`), []);
  return files.some((file) => quietly(() => readlinkSync(`/proc/${pid}/fd/${file}`), "") === socket);
}

/** What is gone meanwhile, or not ours to see, is nothing. */
function quietly<T>(look: () => T, nothing: T): T {
  try {
    return look();
  } catch {
    return nothing;
  }
}
