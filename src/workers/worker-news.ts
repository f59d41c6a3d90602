/** What a worker tells the pool: its states, and what becomes of the attempt it has in hand. */
import type { SeenWindow } from "../metering/provider-limits.ts";
import type { UsageRecord } from "../metering/usage.ts";
import type { Outcome } from "../tasks/task.ts";
import type { ParkReason } from "../throttle/account-parking.ts";

export type WorkerNews =
  | { readonly kind: "changed"; readonly because: string }
  | {
      readonly kind: "accepted";
      readonly attemptId: string;
      readonly sessionId: string | null;
      readonly recordPath: string | null;
    }
  | { readonly kind: "asks"; readonly attemptId: string | null; readonly question: string }
  | { readonly kind: "answered"; readonly attemptId: string }
  | {
      readonly kind: "ended";
      readonly attemptId: string;
      readonly outcome: Outcome;
      readonly records: readonly UsageRecord[] | null;
    }
  /** What the attempt in its hands has used so far: responses that are new or have grown. */
  | { readonly kind: "used"; readonly attemptId: string; readonly records: readonly UsageRecord[] }
  | { readonly kind: "foreign-usage"; readonly records: readonly UsageRecord[] }
  /** What it ran sums up tests. */
  | { readonly kind: "tested"; readonly attemptId: string; readonly passed: number; readonly of: number }
  /** What its record says of its provider's own windows. */
  | { readonly kind: "windows"; readonly windows: readonly SeenWindow[] }
  /** Its provider lets nothing through. attemptId: the attempt that waits in its hands; null = it has none. */
  | { readonly kind: "limited"; readonly attemptId: string | null; readonly reason: ParkReason }
  /** `typing`: nothing but what was typed last has changed. */
  | { readonly kind: "saved"; readonly typing: boolean };
