/**
 * Alerts to a person who is elsewhere: what facts mean, whether that is news, on which channels it goes and when. The
 * decisions are the pure ones of `alerts/`; here they are asked, kept in the ledger and handed to the outbox.
 */
import { randomBytes } from "node:crypto";
import { alertChannels } from "./alert-channels.ts";
import * as z from "zod";
import { AlertOutbox, deliveryFor } from "./alert-outbox.ts";
import { AlertWatch } from "./alert-watch.ts";
import { isAtLeast, type KeptAlert, type Signal } from "./alerts/alert.ts";
import { judge, type Cause } from "./alerts/causes.ts";
import { placementOf, type Mute, type Placement } from "./alerts/delivery-plan.ts";
import { messageOf } from "./alerts/message.ts";
import { signalsOf } from "./alerts/signals.ts";
import { CtmError } from "./base/errors.ts";
import { nearest } from "./base/suggest.ts";
import type { Channel, Delivered, Delivery } from "./channels/channel.ts";
import type { Config } from "./config.ts";
import type { FactBus } from "./events/bus.ts";
import type { Fact } from "./events/facts.ts";
import type { KeptWrites } from "./kept-writes.ts";
import type { Ledger } from "./ledger/ledger.ts";
import { monthBudgetNanoUsd } from "./month-budget.ts";
import type { KeptFinding } from "./optimization/rules.ts";
import type { AlertsModel, ChannelTest } from "./reports/alerts.ts";
import type { Limit } from "./throttle/limits.ts";

const muteSetting = "alerts-muted";
const shownMax = 20;

export interface AlertDeskParts {
  readonly config: Pick<Config, "alerts">;
  readonly ledger: Ledger;
  readonly kept: Pick<KeptWrites, "keep" | "fault" | "orThrow">;
  readonly channels: readonly Channel[];
  monthNanoUsd(): number | null;
  now(): number;
  /** From 0 to below 1. */
  chance(): number;
  newId(): string;
  trouble(error: unknown): void;
}

/** What every app has. */
export interface AlertBase extends Pick<AlertDeskParts, "ledger" | "kept" | "now"> {
  readonly bus: FactBus;
  readonly throttle: { readonly limits: readonly Limit[] };
}

export class AlertDesk {
  readonly #parts: AlertDeskParts;
  readonly #outbox: AlertOutbox;
  readonly #watch: AlertWatch;
  /** Causes that are remembered; null until the manager begins. */
  #causes: Map<string, Cause> | null = null;
  #mute: Mute | null;

  constructor(parts: AlertDeskParts) {
    this.#parts = parts;
    const { alerts } = parts.config;
    this.#outbox = new AlertOutbox({ ...parts, policy: alerts, rows: parts.ledger.alerts });
    this.#watch = new AlertWatch({
      ...parts,
      burnRate: alerts.about.burnRate ? alerts.burnRate : { fast: null, slow: null },
      signal: (signal) => this.#take(signal),
    });
    this.#mute = muteIn(parts.ledger.settings.get(muteSetting));
  }

  /** With the channels and the month's money of this configuration. Nothing is sent by itself before `begin`. */
  static open(
    config: Config,
    { bus, throttle, ...base }: AlertBase,
    trouble: (error: unknown) => void,
  ): AlertDesk {
    const ring = ({ severity, title, lines }: Delivery): void =>
      bus.publish({ kind: "alert", atMs: base.now(), severity, title, text: lines.join("; ") });
    return new AlertDesk({
      ...{ ...base, config, trouble },
      channels: alertChannels(config, ring),
      monthNanoUsd: () => monthBudgetNanoUsd(config.roster?.roster ?? null, throttle.limits),
      chance: () => Math.random(),
      newId: () => `msg_${randomBytes(15).toString("base64url")}`,
    });
  }

  /**
   * A manager has begun: what was not delivered goes on. What stood when the one before ended may stand no more; it is
   * told of again by its own facts, and counts as better until then.
   */
  begin(bus: Pick<FactBus, "subscribe">): void {
    bus.subscribe((fact) => this.hear(fact));
    const { ledger, channels, kept } = this.#parts;
    const { alerts } = this.#parts.config;
    const nowMs = this.#parts.now();
    const findings = ledger.findings.standing();
    this.#causes = new Map(
      [...ledger.alerts.causes()].map(([key, cause]) => [
        key,
        key.startsWith("finding ")
          ? cause
          : { ...cause, grade: 0, betterSinceMs: cause.betterSinceMs ?? nowMs },
      ]),
    );
    const signalsFor = (finding: KeptFinding): readonly Signal[] =>
      signalsOf({ kind: "finding-opened", atMs: nowMs, ...finding });
    const standing = new Set(findings.flatMap(signalsFor).map(({ key }) => key));
    for (const key of [...this.#causes.keys()])
      if (key.startsWith("finding ") && !standing.has(key)) this.#remember(key, null);
    for (const [key, cause] of [...this.#causes])
      if (cause.grade === 0 && nowMs - (cause.betterSinceMs ?? nowMs) > alerts.rearmMs)
        this.#remember(key, null);
    kept.keep(() => ledger.alerts.dropChannels(channels.map(({ name }) => name)));
    // Some were found while no manager ran, and nobody was told.
    const open = findings.filter(({ state }) => state === "open");
    for (const signal of open.flatMap(signalsFor)) this.#take(signal);
    this.#outbox.pump();
  }

  hear(fact: Fact): void {
    if (this.#causes === null) return;
    for (const signal of signalsOf(fact)) this.#take(signal);
    this.#watch.hear(fact);
    if (fact.kind === "storage-changed" && fact.fault === null) this.#outbox.pump();
  }

  close(): void {
    this.#watch.close();
    this.#outbox.close();
    this.#causes = null;
  }

  // ── what is news ────────────────────────────────────────────────────────────────────────────────

  #take(signal: Signal): void {
    const { alerts } = this.#parts.config;
    if (this.#causes === null || (signal.grade > 0 && !alerts.about[signal.kind])) return;
    const before = this.#causes.get(signal.key) ?? null;
    const nowMs = this.#parts.now();
    const { news, cause } = judge(before, signal, nowMs, alerts.rearmMs);
    if (!news) {
      if (!same(before, cause)) this.#remember(signal.key, cause);
      return;
    }
    if (cause !== null) this.#causes.set(signal.key, cause);
    // What says that nothing can be written cannot be written first.
    if (signal.kind === "storage") return this.#sendUnkept(signal, nowMs);
    this.#raise(signal, cause, nowMs);
  }

  #remember(key: string, cause: Cause | null): void {
    const { kept, ledger } = this.#parts;
    if (cause === null) this.#causes?.delete(key);
    else this.#causes?.set(key, cause);
    kept.keep(() => ledger.alerts.saveCause(key, cause));
  }

  #raise(signal: Signal, cause: Cause | null, nowMs: number): void {
    const { kept, ledger, config, channels } = this.#parts;
    kept.keep(() => {
      const placements = new Map<string, Placement>();
      for (const { name, from } of channels)
        if (isAtLeast(signal.severity, from))
          placements.set(name, placementOf(signal.severity, this.#mute, config.alerts, nowMs));
      ledger.alerts.raise(signal, cause, placements, nowMs);
      this.#outbox.pump();
    });
  }

  /** Once, to whoever can be reached now. */
  #sendUnkept({ kind, severity, title, text }: Signal, atMs: number): void {
    const { channels, newId, trouble } = this.#parts;
    const message = deliveryFor(messageOf(newId(), [{ id: 0, kind, severity, title, text, atMs }]));
    for (const channel of channels)
      if (isAtLeast(severity, channel.from)) void channel.deliver(message).catch(trouble);
  }

  // ── what a person asks ──────────────────────────────────────────────────────────────────────────

  model(): AlertsModel {
    const { channels, ledger, config } = this.#parts;
    const mute = this.#mute !== null && this.#mute.untilMs > this.#parts.now() ? this.#mute : null;
    return {
      channels: channels.map(({ name, place, from }) => ({
        name,
        place,
        from,
        ...ledger.alerts.standOf(name),
      })),
      mute,
      quietHours: config.alerts.quietHours,
      alerts: ledger.alerts.newest(shownMax),
    };
  }

  /** Sends one message now, past all that holds alerts back. CtmError `not-found` for a channel that there is not. */
  async test(name: string | null): Promise<ChannelTest[]> {
    const channels = name === null ? this.#parts.channels : [this.#channel(name)];
    const alert: KeptAlert = {
      id: 0,
      kind: "levels",
      severity: "info",
      title: "this is a test",
      text: "Alerts of ctm arrive here.",
      atMs: this.#parts.now(),
    };
    const message = deliveryFor(messageOf(this.#parts.newId(), [alert]));
    return Promise.all(
      channels.map(async (channel) => ({
        channel: channel.name,
        place: channel.place,
        fault: faultOf(await channel.deliver(message)),
      })),
    );
  }

  #channel(name: string): Channel {
    const { channels } = this.#parts;
    const found = channels.find((channel) => channel.name === name);
    if (found !== undefined) return found;
    const names = channels.map((channel) => channel.name);
    const near = nearest(name, names);
    const hint = near === null ? `there are ${names.join(", ") || "none"}` : `did you mean ${near}?`;
    throw new CtmError("not-found", `there is no channel of that name (${hint})`);
  }

  /** What was not sent of it is not sent any more. CtmError `not-found`. */
  acknowledge(id: number): AlertsModel {
    const { kept, ledger, now } = this.#parts;
    if (!kept.orThrow(() => ledger.alerts.see(id, now())))
      throw new CtmError("not-found", `there is no alert ${id}`);
    return this.model();
  }

  /** null: alerts are sent again. */
  mute(mute: Mute | null): AlertsModel {
    const { kept, ledger } = this.#parts;
    kept.orThrow(() => ledger.settings.set(muteSetting, mute === null ? null : JSON.stringify(mute)));
    this.#mute = mute;
    return this.model();
  }

  /** What was given up is tried afresh. */
  retry(): AlertsModel {
    const { kept, ledger, now } = this.#parts;
    kept.orThrow(() => ledger.alerts.revive(now()));
    if (this.#causes !== null) this.#outbox.pump();
    return this.model();
  }
}

const KeptMute = z.object({ untilMs: z.number(), all: z.boolean() });

function muteIn(text: string | null): Mute | null {
  if (text === null) return null;
  try {
    return KeptMute.parse(JSON.parse(text));
  } catch {
    return null; // Written by nobody of ours.
  }
}

function same(a: Cause | null, b: Cause | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.told === b.told && a.grade === b.grade && a.betterSinceMs === b.betterSinceMs && a.words === b.words
  );
}

function faultOf(delivered: Delivered): string | null {
  return delivered.kind === "done" ? null : delivered.fault;
}
