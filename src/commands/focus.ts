/** `focus`: keeps a share of the limits for the person while they work beside the agents. */
import * as z from "zod";
import { CtmError } from "../base/errors.ts";
import type { FocusState } from "../focus.ts";
import { dateAndMinute } from "../reports/times.ts";
import { defineCommand } from "./command.ts";
import { parseUntil } from "./until.ts";
import { choice, count, joined, label, orNull } from "./words.ts";

const STATES = ["on", "off"] as const;

const schema = z.strictObject({
  state: orNull(choice("state", STATES)),
  until: z.preprocess((value) => joined(value), orNull(label)),
  percent: orNull(count("the share in percent", 1, 100)),
});

export const focus = defineCommand<z.output<typeof schema>, FocusState>({
  name: "focus",
  group: "Limits",
  summary: "Keep a share of the limits for yourself while you work",
  arguments: [
    { name: "state", kind: "word", required: false, many: false, choices: STATES },
    { name: "until", kind: "word", required: false, many: true },
  ],
  options: [{ flags: "--percent <n>", summary: "How much of each limit (default: throttle.focusPercent)" }],
  notes: [
    "Of each limit on everything and on a kind of agent, tasks that are not critical leave this share free. What runs",
    "goes on. It outlives the manager. Alone it tells how it stands. Times are 2h, 18:00 or 2026-02-13 18:00.",
    "Whoever types in an attached worker is never typed over, with or without it.",
  ],
  examples: ["focus on 2h", "focus on --percent 40", "focus", "focus off"],
  needs: "ledger",
  schema,
  run: (app, { state, until, percent }) => {
    if (state !== "on" && (until !== null || percent !== null))
      throw new CtmError("usage", "a time and a share go with `focus on`");
    if (state === null) return app.focus.state();
    if (state === "off") return app.focus.end();
    const zone = app.config.throttle.timeZone;
    return app.focus.begin(percent, until === null ? null : parseUntil(until, zone, Date.now()));
  },
  render: ({ percent, untilMs }, paper) => {
    if (percent === null) return ["Focus is off: no share of the limits is kept for you."];
    const until = untilMs === null ? "until `focus off`" : `until ${dateAndMinute(untilMs, paper)}`;
    return [
      `Focus is on ${until}: tasks that are not critical leave ${percent}% of the limits free for you.`,
    ];
  },
});
