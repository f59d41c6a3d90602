/** What a limit is: who it binds, what it counts, over which window, and how much. */

export const WINDOWS = ["hour", "day", "month"] as const;
/** hour = rolling 60 minutes by default; day and month = calendar in the configured time zone. */
export type WindowName = (typeof WINDOWS)[number];
export type WindowForm = "rolling" | "calendar";
export type LimitUnit = "tokens" | "cost";

/** Who a limit binds. `worker` limits hold for each worker alike unless one is named. */
export type Scope =
  | { readonly kind: "global" }
  | { readonly kind: "worker"; readonly name: string }
  | { readonly kind: "model"; readonly name: string }
  | { readonly kind: "agent"; readonly name: string };

export interface Limit {
  readonly scope: Scope;
  readonly unit: LimitUnit;
  readonly window: WindowName;
  readonly form: WindowForm;
  /** Tokens, or nano-dollars for unit `cost`. null = no limit; 0 = everything is above it. */
  readonly amount: number | null;
}

/** Tokens and money of one booking or one reservation; integers. */
export interface Spend {
  readonly tokens: number;
  readonly nanoUsd: number;
}

/** Whom a booking or a reservation belongs to. */
export interface SpendSubject {
  readonly worker: string;
  readonly agent: string;
  readonly model: string | null;
}
