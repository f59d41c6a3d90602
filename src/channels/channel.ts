/** A way to reach a person, or a program of theirs. */
import type { Severity } from "../alerts/alert.ts";

/** What is delivered: a title with lines for people, JSON for programs. */
export interface Delivery {
  /** The same for every attempt. */
  readonly id: string;
  readonly severity: Severity;
  readonly title: string;
  readonly lines: readonly string[];
  readonly json: string;
}

export type Delivered =
  | { readonly kind: "done" }
  | {
      readonly kind: "failed";
      /** One clause for a person; no secret stands in it. */
      readonly fault: string;
      /** Trying again is of no use. */
      readonly final?: boolean;
      /** The receiver's own wish. */
      readonly retryAfterMs?: number | null;
    };

export interface Channel {
  readonly name: string;
  /** Where it goes, in words without secrets. */
  readonly place: string;
  /** Quieter alerts are not for it. */
  readonly from: Severity;
  /** How often a message is tried. */
  readonly attemptsMax: number;
  /** Never throws. */
  deliver(delivery: Delivery): Promise<Delivered>;
}
