/** `alerts`: where alerts go, how that stands, and what became of the newest. */
import type { Severity } from "../alerts/alert.ts";
import type { Mute } from "../alerts/delivery-plan.ts";
import type { QuietHours } from "../alerts/quiet-hours.ts";
import type { AlertHistory, ChannelStand, DeliveryState } from "../ledger/alert-rows.ts";
import { fitLines, oneLine } from "./cells.ts";
import { heading, wrapWords } from "./lines.ts";
import { count } from "./numbers.ts";
import { paintFor, type Painter } from "./paint.ts";
import type { Paper } from "./paper.ts";
import { shortMoment } from "./times.ts";

export interface ChannelRow extends ChannelStand {
  readonly name: string;
  readonly place: string;
  readonly from: Severity;
}

export interface AlertsModel {
  readonly channels: readonly ChannelRow[];
  readonly mute: Mute | null;
  readonly quietHours: QuietHours | null;
  /** Newest first. */
  readonly alerts: readonly AlertHistory[];
}

export interface ChannelTest {
  readonly channel: string;
  readonly place: string;
  /** null = it was delivered. */
  readonly fault: string | null;
}

/** Draws channels first, then alerts, newest first. */
export function renderAlerts({ channels, mute, quietHours, alerts }: AlertsModel, paper: Paper): string[] {
  const paint = paintFor(paper);
  const facts = [
    ...(quietHours === null ? [] : [`quiet ${clock(quietHours.fromMinute)}-${clock(quietHours.toMinute)}`]),
    ...(mute === null ? [] : [`muted until ${shortMoment(mute.untilMs, paper.nowMs, paper)}`]),
  ];
  const none = wrapWords(
    "  ",
    "No channel is configured (section alerts of ctm.yaml): nothing is sent.",
    paper,
  );
  const channelLines = channels.length === 0 ? none : channels.flatMap((row) => channelLine(row, paper));
  const alertLines =
    alerts.length === 0
      ? ["  There was no alert yet."]
      : alerts.flatMap((alert) => historyLines(alert, paper));
  return fitLines(
    [
      ...heading("ALERTS", facts, "  ", paper),
      ...channelLines,
      "",
      paint.title("Newest alerts"),
      ...alertLines,
    ],
    paper,
  );
}

/** One line a channel: did the test arrive? */
export function renderTests(tests: readonly ChannelTest[], paper: Paper): string[] {
  if (tests.length === 0) return ["No channel is configured (section alerts of ctm.yaml)."];
  const { good, bad } = paintFor(paper);
  return tests.flatMap(({ channel, place, fault }) =>
    wrapWords("", `${channel} (${oneLine(place)}): ${fault === null ? "sent" : oneLine(fault)}`, paper).map(
      (line) => (fault === null ? good(line) : bad(line)),
    ),
  );
}

function channelLine(row: ChannelRow, paper: Paper): string[] {
  const { name, place, from, waiting, held, lastSentMs, dead, attempts, fault, nextMs } = row;
  const { bad, plain } = paints(paper);
  const sent =
    lastSentMs === null ? "nothing sent yet" : `last sent ${shortMoment(lastSentMs, paper.nowMs, paper)}`;
  const parts = [
    `from ${from}`,
    sent,
    ...(waiting > held ? [`${count(waiting - held)} queued`] : []),
    ...(held > 0 ? [`${count(held)} held for the morning`] : []),
    ...(dead > 0 ? [`${count(dead)} given up`] : []),
  ];
  const head = wrapWords("  ", `${name} (${oneLine(place)}): ${parts.join(", ")}`, paper);
  if (fault === null) return head.map(plain);
  const again =
    dead > 0 || nextMs === null
      ? "`alerts retry` tries again"
      : `next at ${shortMoment(nextMs, paper.nowMs, paper)}`;
  const why = `failed ${attempts === 1 ? "once" : `${count(attempts)} times`}: ${oneLine(fault)}; ${again}`;
  return [...head, ...wrapWords("    ", why, paper)].map((line) => (dead > 0 ? bad(line) : plain(line)));
}

function paints(paper: Paper): { bad: Painter; plain: Painter } {
  return { bad: paintFor(paper).bad, plain: (line) => line };
}

const STATE_WORDS: Readonly<Record<DeliveryState, string>> = {
  queued: "on its way",
  held: "held for the morning",
  sent: "sent",
  merged: "sent with others",
  muted: "muted",
  dead: "given up",
};

function historyLines(alert: AlertHistory, paper: Paper): string[] {
  const { id, severity, title, text, atMs, seenAtMs, deliveries } = alert;
  const paint = paintFor(paper);
  const seen = seenAtMs === null ? "" : ", seen";
  const head = `${id}  ${shortMoment(atMs, paper.nowMs, paper)}  ${severity}: ${oneLine(title)}${seen}`;
  const went = deliveries.map(({ channel, state }) => `${channel} ${STATE_WORDS[state]}`).join(", ");
  const paintHead: Painter =
    seenAtMs !== null
      ? paint.faint
      : severity === "critical"
        ? paint.bad
        : severity === "warning"
          ? paint.warn
          : (line) => line;
  return [
    ...wrapWords("  ", head, paper).map((line) => paintHead(line)),
    ...wrapWords("     ", oneLine(text), paper),
    ...(went === "" ? [] : wrapWords("     ", went, paper).map((line) => paint.faint(line))),
  ];
}

function clock(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
}
