/** `alerts` and what a person says to them: a test, seen, mute for a while, try again. */
import * as z from "zod";
import { renderAlerts, renderTests, type AlertsModel, type ChannelTest } from "../reports/alerts.ts";
import { defineCommand } from "./command.ts";
import { parseUntil } from "./until.ts";
import * as words from "./words.ts";

const nothing = z.strictObject({});
const tested = z.strictObject({ channel: words.orNull(words.label) });
const seen = z.strictObject({ id: words.count("an alert's number", 1, 1_000_000_000) });
const muted = z.strictObject({ until: words.label, all: words.flag });

export const alerts = defineCommand<z.output<typeof nothing>, AlertsModel>({
  name: "alerts",
  group: "Views",
  summary: "Show where alerts go, what was sent and what waits",
  notes: [
    "Channels stand in the section alerts of ctm.yaml: desktop, bell (at the prompt), commands of yours, webhooks.",
    "Each cause alerts once, and again when it was better for a while (rearmMs); alerts that come together go together.",
  ],
  examples: ["alerts"],
  needs: "ledger",
  schema: nothing,
  run: (app) => app.alerts.model(),
  render: (model, paper) => renderAlerts(model, paper),
});

export const alertsTest = defineCommand<z.output<typeof tested>, ChannelTest[]>({
  name: "alerts test",
  group: "Views",
  summary: "Send a test to one channel, or to all of them",
  arguments: [{ name: "channel", kind: "word", required: false, many: false }],
  examples: ["alerts test", "alerts test bell"],
  needs: "ledger",
  schema: tested,
  run: (app, { channel }) => app.alerts.test(channel),
  render: (tests, paper) => renderTests(tests, paper),
  isBad: (tests) => tests.some(({ fault }) => fault !== null),
});

export const alertsAck = defineCommand<z.output<typeof seen>, AlertsModel>({
  name: "alerts ack",
  group: "Views",
  summary: "Say that an alert was seen: the rest of it is not sent",
  arguments: [{ name: "id", kind: "word", required: true, many: false }],
  examples: ["alerts ack 3"],
  needs: "ledger",
  schema: seen,
  run: (app, { id }) => app.alerts.acknowledge(id),
  render: (model, paper) => renderAlerts(model, paper),
});

export const alertsMute = defineCommand<z.output<typeof muted>, AlertsModel>({
  name: "alerts mute",
  group: "Views",
  summary: "Send no alerts until a time; `off` ends it",
  arguments: [{ name: "until", kind: "word", required: true, many: false }],
  options: [{ flags: "--all", summary: "Not even those that are critical" }],
  notes: ["What is muted is listed and never sent. Times are 2h, 18:00 or 2026-02-13 18:00."],
  examples: ["alerts mute 2h", "alerts mute 18:00 --all", "alerts mute off"],
  needs: "ledger",
  schema: muted,
  run: (app, { until, all }) =>
    app.alerts.mute(
      until === "off" ? null : { untilMs: parseUntil(until, app.config.throttle.timeZone, Date.now()), all },
    ),
  render: (model, paper) => renderAlerts(model, paper),
});

export const alertsRetry = defineCommand<z.output<typeof nothing>, AlertsModel>({
  name: "alerts retry",
  group: "Views",
  summary: "Try alerts again that were given up",
  examples: ["alerts retry"],
  needs: "ledger",
  schema: nothing,
  run: (app) => app.alerts.retry(),
  render: (model, paper) => renderAlerts(model, paper),
});
