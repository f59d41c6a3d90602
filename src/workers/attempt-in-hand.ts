/** The one attempt a worker has in hand, from the moment it is chosen to the report of its end. */
import type { RecordMarks } from "./record-reader.ts";

export interface AttemptInHand {
  readonly id: string;
  readonly taskId: number;
  /** What was (or will be) pasted, for telling our prompt from a person's; null after a restart. */
  readonly paste: string | null;
  phase: "preparing" | "typed" | "accepted" | "ending";
  /** Where the record ended before this attempt; what comes after is its usage. */
  marks: RecordMarks;
  /** A person asked for its end: an interruption then reads as `cancelled`. */
  cancelling: boolean;
  /** The question it waits with. */
  question: string | null;
}
