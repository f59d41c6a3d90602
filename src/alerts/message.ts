/** What a channel is given: one or several alerts of one moment, as text for people and as data for programs. */
import { redacted } from "../base/redact.ts";
import type { KeptAlert } from "./alert.ts";

/** Alerts that a message names; of the rest it says how many there are. */
const namedMax = 10;
const textMaxChars = 600;

export interface AlertMessage {
  /** The same for every attempt to deliver it. */
  readonly id: string;
  /** The loudest first. */
  readonly alerts: readonly KeptAlert[];
  /** How many more it stands for. */
  readonly more: number;
}

/** A message of these alerts, the leading one first. */
export function messageOf(id: string, alerts: readonly KeptAlert[]): AlertMessage {
  const named = alerts.slice(0, namedMax).map((alert) => ({
    ...alert,
    title: bounded(alert.title),
    text: bounded(alert.text),
  }));
  return { id, alerts: named, more: alerts.length - named.length };
}

/** `limit cost/hour is at HARD and 12 more` */
export function messageTitle({ alerts, more }: AlertMessage): string {
  const others = alerts.length - 1 + more;
  const lead = alerts[0]?.title ?? "nothing";
  return others === 0 ? lead : `${lead} and ${others} more`;
}

/** Lines under the title. */
export function messageLines({ alerts, more }: AlertMessage): string[] {
  const [lead, ...rest] = alerts;
  const lines = [lead?.text ?? "", ...rest.map(({ title }) => `- ${title}`)];
  return [...lines, ...(more === 0 ? [] : [`- and ${more} more: see \`ctm alerts\``])].filter(
    (line) => line !== "",
  );
}

/** The body that webhooks and commands get. Moments are ISO 8601. */
export function messageJson(message: AlertMessage): string {
  const alerts = message.alerts.map(({ atMs, ...alert }) => ({ ...alert, at: new Date(atMs).toISOString() }));
  const timestamp = alerts[0]?.at ?? null;
  return JSON.stringify({
    type: "ctm.alert",
    timestamp,
    data: { title: messageTitle(message), alerts, more: message.more },
  });
}

/** Agents write these: no keys, no control characters, no halves, nothing endless. */
function bounded(text: string): string {
  const plain = redacted(text.slice(0, 4 * textMaxChars)).replace(/[\p{Cc}\p{Cf}\p{Cs}]+/gu, " ");
  const characters = [...plain];
  return characters.length > textMaxChars ? `${characters.slice(0, textMaxChars - 1).join("")}…` : plain;
}
