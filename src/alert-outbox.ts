/**
 * Messages on their way: made from the alerts of a channel that are due, kept in the ledger before they are tried, one
 * at a time a channel. While one cannot be delivered those behind it wait, and go together when it could.
 */
import * as z from "zod";
import { ALERT_KINDS, SEVERITIES } from "./alerts/alert.ts";
import { afterFailure, nextMessage, rateWindowMs, type DeliveryPolicy } from "./alerts/delivery-plan.ts";
import { messageJson, messageLines, messageOf, messageTitle, type AlertMessage } from "./alerts/message.ts";
import type { Channel, Delivered, Delivery } from "./channels/channel.ts";
import type { KeptWrites } from "./kept-writes.ts";
import type { AlertRows, OutboxMessage } from "./ledger/alert-rows.ts";
import { WakeTimer } from "./wake-timer.ts";

export interface AlertOutboxParts {
  readonly channels: readonly Channel[];
  readonly policy: DeliveryPolicy;
  readonly rows: AlertRows;
  readonly kept: Pick<KeptWrites, "keep" | "fault">;
  now(): number;
  /** From 0 to below 1. */
  chance(): number;
  newId(): string;
  /** Hears of messages that were given up, and of what should not happen. */
  trouble(error: unknown): void;
}

export class AlertOutbox {
  readonly #parts: AlertOutboxParts;
  readonly #wake: WakeTimer;
  /** Channels that are at it, and whether they were asked to look again meanwhile. */
  readonly #busy = new Map<string, { again: boolean }>();
  #closed = false;

  constructor(parts: AlertOutboxParts) {
    this.#parts = parts;
    this.#wake = new WakeTimer(parts.now, () => this.pump());
  }

  /** Sends what is due, on every channel. One that is at it looks once more before it rests. */
  pump(): void {
    for (const channel of this.#parts.channels) {
      const busy = this.#busy.get(channel.name);
      if (busy === undefined) void this.#run(channel);
      else busy.again = true;
    }
  }

  async #run(channel: Channel): Promise<void> {
    const turn = { again: true };
    this.#busy.set(channel.name, turn);
    try {
      while (turn.again && !this.#closed) {
        turn.again = false;
        await this.#work(channel);
      }
    } catch (error) {
      this.#parts.trouble(error);
    } finally {
      this.#busy.delete(channel.name);
    }
  }

  close(): void {
    this.#closed = true;
    this.#wake.cancel();
  }

  async #work(channel: Channel): Promise<void> {
    const { kept, rows, now } = this.#parts;
    // What cannot be noted as delivered would be delivered over and over.
    while (!this.#closed && kept.fault === null) {
      const message = rows.unsent(channel.name) ?? this.#composed(channel);
      if (message === null) return;
      if (message.nextMs > now()) return this.#wake.by(message.nextMs);
      const delivered = await channel.deliver(deliveryOf(message));
      if (this.#closed) return;
      this.#note(channel, message, delivered);
    }
  }

  /** The next message of a channel, on the disk; null: none is due. */
  #composed(channel: Channel): OutboxMessage | null {
    const { rows, policy, kept, newId } = this.#parts;
    const nowMs = this.#parts.now();
    const made = rows.composedSince(channel.name, nowMs - rateWindowMs);
    const next = nextMessage(rows.waiting(channel.name), made, policy, nowMs);
    if (next.kind === "wait") {
      if (next.untilMs !== null) this.#wake.by(next.untilMs);
      return null;
    }
    const alerts = rows.byIds([next.leadId, ...next.mergedIds]);
    const id = newId();
    const body = JSON.stringify(messageOf(id, alerts));
    const message = { id, channel: channel.name, body, attempts: 0, nextMs: nowMs };
    kept.keep(() => rows.compose(message, next.leadId, next.mergedIds, nowMs));
    return kept.fault === null ? message : null;
  }

  #note({ name, attemptsMax }: Channel, { id, attempts }: OutboxMessage, delivered: Delivered): void {
    const { rows, kept, chance, trouble } = this.#parts;
    const nowMs = this.#parts.now();
    if (delivered.kind === "done") return kept.keep(() => rows.delivered(id, nowMs));
    const { fault, final = false, retryAfterMs = null } = delivered;
    const after = afterFailure(
      final ? attemptsMax : attempts + 1,
      attemptsMax,
      retryAfterMs,
      nowMs,
      chance(),
    );
    if (after.kind === "again") return kept.keep(() => rows.failed(id, fault, after.atMs));
    kept.keep(() => rows.givenUp(id, fault, nowMs));
    trouble(`an alert could not be delivered to ${name}: ${fault} (\`alerts\` shows it)`);
  }
}

const Kept = z.object({
  alerts: z.array(
    z.object({
      id: z.number(),
      kind: z.enum(ALERT_KINDS),
      severity: z.enum(SEVERITIES),
      title: z.string(),
      text: z.string(),
      atMs: z.number(),
    }),
  ),
  more: z.number(),
});

function deliveryOf({ id, body }: OutboxMessage): Delivery {
  return deliveryFor({ id, ...Kept.parse(JSON.parse(body)) });
}

/** A message in the form that channels take. */
export function deliveryFor(message: AlertMessage): Delivery {
  return {
    id: message.id,
    severity: message.alerts[0]?.severity ?? "info",
    title: messageTitle(message),
    lines: messageLines(message),
    json: messageJson(message),
  };
}
