/**
 * `npm run bench [-- GROUP...]`: measures and prints tables; it judges nothing and breaks nothing. Compared programs
 * take turns inside one run, each figure is the median of several. `-- --setup` installs the programs it compares with
 * where apt can do that without a person; what is missing is left out and said so.
 */
import { spawnSync } from "node:child_process";
import { serving } from "./dashboard-figures.ts";
import { waking } from "./event-figures.ts";
import { printTable, type Figure } from "./figures.ts";
import { idling } from "./idle-figures.ts";
import { adding, deciding, viewing } from "./ledger-figures.ts";
import { counting47 } from "./hierarchy-figures.ts";
import { overhead } from "./overhead.ts";
import { isInstalled, PEERS } from "./peers.ts";
import { reporting } from "./report-figures.ts";
import { starting } from "./start-figures.ts";
import { storming } from "./storm-figures.ts";
import { counting } from "./usage-figures.ts";
import { flooding, following, remembering } from "./worker-figures.ts";

interface Group {
  readonly title: string;
  measure(): Promise<Figure[]>;
}

const GROUPS: Readonly<Record<string, Group>> = {
  overhead: { title: "A trivial command, 500 of them, 4 at a time", measure: overhead },
  next: { title: "From the end of a task to the next one typed", measure: following },
  events: { title: "From an event to a prompt", measure: waking },
  storm: { title: "A storm of events by HTTP", measure: storming },
  idle: { title: "Idle workers", measure: idling },
  flood: { title: "Workers that print as fast as they can", measure: flooding },
  add: { title: "Adding tasks, durably", measure: adding },
  decide: { title: "Dispatch decisions", measure: deciding },
  views: { title: "Views and start over a long history", measure: viewing },
  dashboard: { title: "The dashboard over 100,000 tasks and 1,000,000 usages", measure: serving },
  hierarchy: { title: "Figures of 47 agents", measure: counting47 },
  report: { title: "A month's report", measure: reporting },
  start: { title: "Starting", measure: starting },
  memory: { title: "Memory", measure: remembering },
  usage: { title: "Counting a gigabyte of transcripts", measure: counting },
};

const wanted = process.argv.slice(2);
const known = [...Object.keys(GROUPS), "--setup"];
const unknown = wanted.filter((word) => !known.includes(word));
if (unknown.length > 0) {
  console.error(`There is no group ${unknown.join(", ")}. Groups: ${known.join(", ")}`);
  process.exitCode = 2;
} else if (wanted.includes("--setup")) {
  setUp();
} else {
  for (const [name, { title, measure }] of Object.entries(GROUPS))
    if (wanted.length === 0 || wanted.includes(name)) printTable(`${title} (${name})`, await measure());
}

function setUp(): void {
  const missing = Object.values(PEERS).filter(({ program }) => !isInstalled(program));
  const packages = [...new Set(missing.map((peer) => peer.package))];
  if (packages.length === 0) return;
  const install = ["apt-get", "install", "-y", "--no-install-recommends", ...packages];
  const [program = "", ...argv] = process.getuid?.() === 0 ? install : ["sudo", "-n", ...install];
  const { status } = spawnSync(program, argv, { stdio: "inherit" });
  if (status !== 0) console.error(`Not installed: ${packages.join(", ")}. Their rows will say so.`);
}
