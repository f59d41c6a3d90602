/** `usage`: what the agents recorded on this disk, whoever started them. Read where the person sits: it takes a while. */
import * as z from "zod";
import type { Config } from "../config.ts";
import { PriceBook } from "../price-book.ts";
import { usageBlocks } from "../reports/usage-blocks.ts";
import { filteredCells, sumCells, USAGE_PERIODS, usageRows, WEEK_STARTS } from "../reports/usage-periods.ts";
import { renderUsage, type UsageModel } from "../reports/usage-table.ts";
import { findRecordFiles } from "../transcripts/find-files.ts";
import { RECORDED_AGENTS } from "../transcripts/formats.ts";
import { recordedUsage, type UsageCaller } from "../transcripts/usage-meter.ts";
import { RecordWatch } from "../transcripts/watch-records.ts";
import { defineCommand, type Caller, type FollowAlone } from "./command.ts";
import * as words from "./words.ts";

const REPORTS = [...USAGE_PERIODS, "blocks"] as const;

const schema = z.strictObject({
  report: words.orNull(words.choice("report", REPORTS)).transform((report) => report ?? "daily"),
  since: words.orNull(words.localDate("--since")),
  until: words.orNull(words.localDate("--until")),
  agent: words.orNull(
    z.preprocess(
      (value) => (typeof value === "string" ? value.split(",").map((word) => word.trim()) : value),
      z.array(words.choice("agent", RECORDED_AGENTS)).min(1),
    ),
  ),
  project: words.orNull(words.label),
  timezone: words.orNull(words.timeZone),
  startOfWeek: words.orNull(words.choice("day", WEEK_STARTS)).transform((day) => day ?? "monday"),
  breakdown: words.flag,
  csv: words.flag,
  watch: words.flag,
});
type UsageInput = z.output<typeof schema>;

export const usage = defineCommand<UsageInput, UsageModel>({
  name: "usage",
  group: "Views",
  summary: "Count all usage agents recorded here, by day or otherwise",
  arguments: [{ name: "report", kind: "word", required: false, many: false, choices: REPORTS }],
  options: [
    { flags: "-s, --since <date>", summary: "From this day on (YYYY-MM-DD or YYYYMMDD)" },
    { flags: "-u, --until <date>", summary: "Up to this day, included" },
    {
      flags: "--agent <agents>",
      summary: "Only these agents, with commas between",
      choices: RECORDED_AGENTS,
    },
    { flags: "--project <project>", summary: "Only this project: its folder or the folder's name" },
    { flags: "-z, --timezone <zone>", summary: "Days of this time zone (default: that of the limits)" },
    {
      flags: "--start-of-week <day>",
      summary: "Day weeks begin with (default: monday)",
      choices: WEEK_STARTS,
    },
    { flags: "-b, --breakdown", summary: "A line for each model" },
    { flags: "--csv", summary: "As comma-separated values" },
    { flags: "-w, --watch", summary: "Keep it up to date, until a key is pressed" },
  ],
  examples: ["usage", "usage weekly --breakdown", "usage session --agent codex --since 2026-11-01"],
  notes: [
    "Counts each response once, from the agents' own records (Claude Code, Codex, Gemini CLI, OpenCode), also of",
    "sessions that ctm did not start. `usage tasks` shows what the tasks of ctm used. `blocks`",
    "are five hours from the first response, and of Claude Code alone unless --agent says otherwise.",
  ],
  needs: "nothing",
  schema,
  // An active block changes with the clock.
  runAlone: async (input, caller) =>
    usageModel(input, await caller.config(), {
      readers: caller.readers,
      onPlaces: input.report === "blocks" ? undefined : caller.onPlaces,
    }),
  render: (model, paper) => renderUsage(model, paper),
  redraws: true,
  follows: ({ watch }) => watch,
  followAlone: watchUsage,
  renderItem: (model, paper) => renderUsage(model as UsageModel, paper),
});

async function usageModel(input: UsageInput, config: Config, around: UsageCaller = {}): Promise<UsageModel> {
  const { table: prices } = new PriceBook(config);
  const recorded = await recordedUsage(config.usage.folders, config.paths.usageIndex, prices, around);
  const timeZone = input.timezone ?? config.throttle.timeZone;
  // The five hours are those of Claude's plans.
  const agents = input.agent ?? (input.report === "blocks" ? ["claude"] : null);
  const cells = filteredCells(recorded.cells, { ...input, agents, timeZone });
  const frame = {
    totals: sumCells(cells),
    timeZone,
    prices: prices.id,
    notices: recorded.notices,
    breakdown: input.breakdown,
    csv: input.csv,
  };
  switch (input.report) {
    case "daily":
      return { report: "daily", daily: usageRows(cells, "daily", timeZone), ...frame };
    case "weekly":
      return { report: "weekly", weekly: usageRows(cells, "weekly", timeZone, input.startOfWeek), ...frame };
    case "monthly":
      return { report: "monthly", monthly: usageRows(cells, "monthly", timeZone), ...frame };
    case "session":
      return { report: "session", session: usageRows(cells, "session", timeZone), ...frame };
    case "blocks":
      return { report: "blocks", blocks: usageBlocks(cells, Date.now()), ...frame };
    default:
      return input.report satisfies never;
  }
}

/** Counts again whenever something was recorded; one count at a time, and the last one always after the last change. */
function watchUsage(input: UsageInput, caller: Caller, to: FollowAlone): () => void {
  const state = { stopped: false, counting: false, again: false };
  let watch: RecordWatch | null = null;
  const count = async (config: Config): Promise<void> => {
    state.again = state.counting;
    if (state.counting) return;
    state.counting = true;
    watch?.follow(findRecordFiles(config.usage.folders));
    const model = await usageModel(input, config);
    state.counting = false;
    if (state.stopped) return;
    to.emit(model);
    if (state.again) await count(config);
  };
  const start = async (): Promise<void> => {
    const config = await caller.config();
    if (state.stopped) return;
    watch = new RecordWatch(config.usage.folders, () => void count(config).catch(to.fail));
    await count(config);
  };
  start().catch(to.fail);
  return () => {
    state.stopped = true;
    watch?.stop();
  };
}
