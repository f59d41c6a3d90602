/** What a limit is: who it binds, what it counts, over which window, and how much; its defaults and its name. */
import { CtmError } from "../base/errors.ts";
import { labelMaxChars } from "../base/limits.ts";

export const WINDOWS = ["hour", "day", "week", "month"] as const;
/** hour = rolling 60 minutes by default; the others = calendar in the configured time zone, weeks from Monday on. */
export type WindowName = (typeof WINDOWS)[number];
export type WindowForm = "rolling" | "calendar";
export const LIMIT_UNITS = ["tokens", "cost"] as const;
export type LimitUnit = (typeof LIMIT_UNITS)[number];

/** A member is an agent of the roster, for `agent` is the kind of CLI that a worker runs. */
const NAMED_SCOPES = ["worker", "model", "agent", "member", "department", "tier"] as const;

/**
 * Who a limit binds. `global` and `system` bind everything: the one is a throttle's limit, the other a roster's budget.
 * The name `*` means each worker (model, agent, …) separately; a limit for one name replaces the `*` limit of the same
 * unit and window for that name, so it may be higher, lower or null (none).
 */
export type Scope =
  | { readonly kind: "global" | "system" }
  | { readonly kind: (typeof NAMED_SCOPES)[number]; readonly name: string };

/** Kinds of scopes that only a roster has: what binds them is a budget. */
const BUDGET_SCOPES: ReadonlySet<Scope["kind"]> = new Set(["system", "tier", "department", "member"]);

export function isBudget({ kind }: Scope): boolean {
  return BUDGET_SCOPES.has(kind);
}

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
  /** Agent of the roster it was for. Left out = nobody of it. */
  readonly member?: string | null;
  /** A person's own use of the agent: it counts for limits on agents, and for no others. Left out = a worker's. */
  readonly external?: true;
}

/** Where an agent of the roster stands. */
export interface MemberGroups {
  readonly tier: string;
  readonly departments: readonly string[];
}

/** Which limit is meant, without its form and amount: two limits of one key cannot stand side by side. */
export type LimitKey = Pick<Limit, "scope" | "unit" | "window">;

/** The name that means each worker (model, agent) separately. */
export const eachName = "*";

const dollar = 1_000_000_000;

/** 100K tokens an hour and 1M a day for each worker; 500K and 5M for all; $5 an hour, $50 a day, $1000 a month. */
export const DEFAULT_LIMITS: readonly Limit[] = Object.freeze([
  globalLimit("tokens", "hour", 500_000),
  globalLimit("tokens", "day", 5_000_000),
  globalLimit("cost", "hour", 5 * dollar),
  globalLimit("cost", "day", 50 * dollar),
  globalLimit("cost", "month", 1_000 * dollar),
  { ...globalLimit("tokens", "hour", 100_000), scope: { kind: "worker", name: eachName } },
  { ...globalLimit("tokens", "day", 1_000_000), scope: { kind: "worker", name: eachName } },
]);

/** A rolling hour never admits twice its limit across a boundary; days and months follow the calendar. */
export function defaultForm(window: WindowName): WindowForm {
  return window === "hour" ? "rolling" : "calendar";
}

/** The part of a spend that a limit of this unit counts: tokens, or nano-dollars. */
export function spendIn(spend: Spend, unit: LimitUnit): number {
  return unit === "tokens" ? spend.tokens : spend.nanoUsd;
}

/** `global`, `worker concurrent_worker1`, `model *`, … */
export function scopeId(scope: Scope): string {
  return "name" in scope ? `${scope.kind} ${scope.name}` : scope.kind;
}

/** `global cost/hour`, `worker concurrent_worker1 tokens/day`, `worker * tokens/hour`: what `parseLimitId` reads. */
export function limitId(limit: LimitKey): string {
  return `${scopeId(limit.scope)} ${limit.unit}/${limit.window}`;
}

/**
 * Reads a limit's name as a person types it: `cost/hour`, `global tokens/day`, `worker tokens/hour` (each worker),
 * `worker concurrent_worker2 tokens/hour`, `model opus cost/day`. CtmError `usage` on anything else.
 */
export function parseLimitId(text: string): LimitKey {
  if (text.length > 4 * labelMaxChars)
    throw new CtmError("usage", "that is too long for the name of a limit");
  const words = text.trim().split(/\s+/u);
  if (words.length > 3) throw new CtmError("usage", `${quote(text)} is not a limit; ${howToName}`);
  const last = words[words.length - 1] ?? "";
  return { scope: parseScope(words.slice(0, -1), text), ...parseMeasure(last, text) };
}

const howToName = "write for example cost/hour, worker tokens/hour or model opus cost/day";

function parseMeasure(word: string, text: string): Pick<Limit, "unit" | "window"> {
  const [unitWord, windowWord, ...more] = word.toLowerCase().split("/");
  const unit = LIMIT_UNITS.find((known) => known === unitWord);
  const window = WINDOWS.find((known) => known === windowWord);
  if (unit === undefined || window === undefined || more.length > 0) {
    throw new CtmError(
      "usage",
      `${quote(text)} does not end in tokens or cost per hour, day, week or month; ${howToName}`,
    );
  }
  return { unit, window };
}

function parseScope(words: readonly string[], text: string): Scope {
  const [kindWord = "global", name = eachName] = words;
  const lower = kindWord.toLowerCase();
  if ((lower === "global" || lower === "system") && words.length < 2) return { kind: lower };
  const kind = NAMED_SCOPES.find((known) => known === lower);
  if (kind === undefined) {
    throw new CtmError(
      "usage",
      `${quote(text)} must begin with ${NAMED_SCOPES.join(", ")} or system, or name no scope; ${howToName}`,
    );
  }
  if (name.length > labelMaxChars || /[\p{Cc}\p{Cf}]/u.test(name)) {
    throw new CtmError(
      "usage",
      `the ${kind} in the name of that limit is too long or has control characters`,
    );
  }
  return { kind, name };
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

function globalLimit(unit: LimitUnit, window: WindowName, amount: number): Limit {
  return { scope: { kind: "global" }, unit, window, form: defaultForm(window), amount };
}
