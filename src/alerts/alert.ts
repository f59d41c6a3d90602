/** What a person is alerted to, and what decides how loud it is. */

/** What alerts are about; each can be turned off by name. */
export const ALERT_KINDS = [
  "levels",
  "budgets",
  "findings",
  "questions",
  "escalations",
  "workers",
  "accounts",
  "storage",
  "batches",
  "burnRate",
] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

/** Quietest first. What is critical passes quiet hours and a mute. */
export const SEVERITIES = ["info", "warning", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];

export interface Alert {
  readonly kind: AlertKind;
  readonly severity: Severity;
  /** One line without a full stop. */
  readonly title: string;
  /** What else is known, or what to do. */
  readonly text: string;
}

/** That something stands worse, better or is over: what alerts are made of. */
export interface Signal extends Alert {
  /** The same cause has the same name. */
  readonly key: string;
  /** How bad it is; 0 = it is over. */
  readonly grade: number;
  /**
   * When it is news: when it is worse than what was told, or when its words are others too (a second question of the
   * same worker), or each time (a batch has ended, and so has the next one).
   */
  readonly news: "worse" | "words" | "always";
}

/** An alert as it is kept. */
export interface KeptAlert extends Alert {
  readonly id: number;
  readonly atMs: number;
}

/** Is it at least that loud? */
export function isAtLeast(severity: Severity, least: Severity): boolean {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(least);
}
