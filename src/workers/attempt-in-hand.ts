/** The one attempt a worker has in hand, from the moment it is chosen to the report of its end. */
import type { TurnFailure } from "../agents/adapter.ts";
import type { RecordMarks } from "./record-reader.ts";

export interface AttemptInHand {
  readonly id: string;
  readonly taskId: number;
  /** What was (or will be) pasted last, for telling our prompt from a person's; null after a restart. */
  paste: string | null;
  /** parked: its provider lets nothing through; it goes on in its conversation when it is told to. */
  phase: "preparing" | "typed" | "accepted" | "parked" | "ending";
  /** Where the record ended before this attempt; what comes after is its usage. */
  marks: RecordMarks;
  /** A person asked for its end: an interruption then reads as `cancelled`. */
  cancelling: boolean;
  /** Parked at its task's cap, not for its account: that it is interrupted, or still stops, is as it should be. */
  capped: boolean;
  /** The question it waits with. */
  question: string | null;
  /** What its process said of it so far, where the end of that process is its end. */
  said?: { readonly answer: string | null; readonly failure: TurnFailure | null };
}
