/** What a month's report costs over a million usages of 47 agents, and how long nothing else can go on meanwhile. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { openApp } from "../../src/app.ts";
import { loadConfig } from "../../src/config.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { fillSpent, type SpentHistory } from "../support/spent-history.ts";
import { homeFolder } from "./bench-app.ts";
import { ledgerOf } from "./big-ledger.ts";
import { median, ms, repeated, timed, times, type Figure } from "./figures.ts";

const responses = 20;
const rounds = 5;
const DAYS_OF_OCTOBER = {
  fromMs: Date.parse("2026-10-01T00:00:00Z"),
  toMs: Date.parse("2026-10-31T23:00:00Z"),
};
const DAYS_OF_SEPTEMBER = {
  fromMs: Date.parse("2026-09-01T00:00:00Z"),
  toMs: Date.parse("2026-09-30T23:00:00Z"),
};
const MEMBERS: SpentHistory["members"] = Array.from({ length: 47 }, (_, n) => ({
  id: `agent-${n}`,
  tier: n < 5 ? "strategic" : n < 15 ? "tactical" : "execution",
  departments: n < 5 ? [] : [`d${n % 10}`],
}));

/** A month of a thousand usages, then one of a million, each beside a month before it. */
export async function reporting(): Promise<Figure[]> {
  const small = await monthOf(1_000);
  const large = await monthOf(1_000_000);
  return [
    {
      what: "a month of 1,000 usages",
      measured: `${ms(small.workMs)} of CPU, ${ms(small.reportMs)} by the clock`,
      ratio: "",
      goal: "",
      met: null,
    },
    {
      what: "a month of 1,000,000 usages (50,000 tasks)",
      measured: `${ms(large.workMs)} of CPU, ${ms(large.reportMs)} by the clock; nothing else goes on for ${ms(large.pauseMs)} at most`,
      ratio: times(large.workMs / small.workMs),
      goal: "below 1 s of work",
      met: large.workMs < 1_000,
    },
    {
      what: "booking one of them, with its kept sums",
      measured: ms(large.bookMs),
      ratio: "",
      goal: "",
      met: null,
    },
  ];
}

interface Month {
  readonly reportMs: number;
  readonly workMs: number;
  readonly pauseMs: number;
  readonly bookMs: number;
}

async function monthOf(usages: number): Promise<Month> {
  const stateDir = homeFolder("disk");
  try {
    const ledger = Ledger.open(ledgerOf(stateDir));
    ledger.database.pragma("synchronous = OFF");
    const history = { responses, mixed: false, members: MEMBERS };
    const bookMs = await timed(() => {
      fillSpent(ledger, { ...history, ...DAYS_OF_OCTOBER, tasks: usages / responses, seed: 1 });
    });
    fillSpent(ledger, { ...history, ...DAYS_OF_SEPTEMBER, tasks: usages / responses / 10, seed: 2 });
    ledger.close();
    writeFileSync(join(stateDir, "ctm.yaml"), "throttle: { timeZone: UTC }\n", { mode: 0o600 });
    const env = { PATH: process.env["PATH"], HOME: stateDir };
    const config = await loadConfig({ overrides: { stateDir, agent: "rehearsal" }, env, cwd: stateDir });
    const app = await openApp(config, "offline");
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const once = (): Promise<number> =>
      timed(async () => {
        const { total } = await app.reports.make("monthly", { date: "2026-10-15" });
        if (total.completed === 0) throw new Error("nothing was reported");
      });
    const before = process.cpuUsage();
    const reportMs = median(await repeated(rounds, once));
    const { user, system } = process.cpuUsage(before);
    delay.disable();
    await app.close({ workers: "leave" });
    return {
      reportMs,
      workMs: (user + system) / 1_000 / rounds,
      pauseMs: delay.max / 1e6,
      bookMs: bookMs / usages,
    };
  } finally {
    rmSync(stateDir, { recursive: true, force: true });
  }
}
