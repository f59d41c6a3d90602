/**
 * `npm run bench:overhead`: what coordination costs, the same orders three ways, with the real Claude Code on a stand-in of
 * its API. The models are scripts, so it shows counts and mechanism, not what a model would do: synthetic.
 *
 *   -- --agents 4 --reads 6 --rounds 5 --speed 15 --ways direct,polling,events
 */
import { parseArgs } from "node:util";
import { agentBin } from "../../support/agent-home.ts";
import { tableLines, type WayFigures } from "./figures.ts";
import { PromptCache } from "./prompt-cache.ts";
import type { Workload } from "./scripts.ts";
import { direct, events, polling, type WayParts } from "./ways.ts";

const WAYS: Readonly<Record<string, (parts: WayParts) => Promise<WayFigures>>> = { direct, polling, events };

const { values } = parseArgs({
  options: {
    agents: { type: "string", default: "4" },
    reads: { type: "string", default: "6" },
    rounds: { type: "string", default: "5" },
    speed: { type: "string", default: "15" },
    ways: { type: "string", default: "direct,polling,events" },
  },
});
const work: Workload = {
  agents: Number(values.agents),
  reads: Number(values.reads),
  orderMs: 180_000,
  pollMs: 15_000,
  speed: Number(values.speed),
};
const rounds = Number(values.rounds);
const wanted = values.ways.split(",");
const isWhole = (value: number): boolean => Number.isInteger(value) && value > 0;
const { bin, reason } = await agentBin("claude");

if (![work.agents, work.reads, rounds].every(isWhole) || !(work.speed > 0)) {
  console.error("agents, reads, rounds and speed are numbers from 1 on");
  process.exitCode = 2;
} else if (wanted.some((way) => WAYS[way] === undefined)) {
  console.error(`There is no such way. Ways: ${Object.keys(WAYS).join(", ")}`);
  process.exitCode = 2;
} else if (bin === null) {
  console.error(`Not measured: Claude Code cannot be had here (${reason}).`);
  process.exitCode = 1;
} else {
  const measured = new Map<string, WayFigures>();
  const cache = new PromptCache();
  for (const way of wanted) measured.set(way, await measure(way, bin, cache));
  for (const line of tableLines(work, rounds, measured)) console.log(line);
}

async function measure(way: string, program: string, cache: PromptCache): Promise<WayFigures> {
  const ends: (() => unknown)[] = [];
  try {
    const run = WAYS[way];
    if (run === undefined) throw new Error(`no way ${way}`);
    return await run({ bin: program, work, rounds, cache, atEnd: (end) => void ends.push(end) });
  } finally {
    for (const end of ends.reverse()) await end();
  }
}
