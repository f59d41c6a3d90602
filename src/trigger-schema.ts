/** What the configuration may say of events and triggers, key by key, and how it becomes what the gates take. */
import * as z from "zod";
import { FIELDS, type FieldTest, type Filter } from "./activation/filter.ts";
import { HOOK_PROVIDERS } from "./activation/hooks.ts";
import { cronFault } from "./activation/schedule.ts";
import { TICK } from "./activation/gates.ts";
import { CATCH_UP, MODES, type Trigger } from "./activation/trigger.ts";
import { isSection } from "./config-defaults.ts";
import {
  choice,
  dollarAmount,
  entries,
  label,
  secretText,
  section,
  text,
  timeZone,
  tokenAmount,
  wholeNumber,
  yesOrNo,
} from "./config-rules.ts";
import { PRIORITIES } from "./tasks/priority.ts";
import { taskText } from "./tasks/task-text.ts";

/** Names of triggers and hooks: they stand in addresses and in ids. */
export const NAME = /^[a-z][a-z0-9_-]{0,39}$/;
const NAME_RULE = "a short name in lower case such as review";
const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const TYPE = /^(?:\*|[A-Za-z0-9][A-Za-z0-9._/-]{0,199}(?:\.\*)?)$/;
const FIELD = new RegExp(`^(?:data(?:\\.[^.\\s]{1,100}){0,10}|${FIELDS.join("|")}|[a-z0-9]{1,40})$`);
const promptMaxChars = 16_384;
const filterDepthMax = 10;

/** 30s, 5m, 2h, 1d; in milliseconds. */
export function span() {
  return text(/^(?:0|[1-9]\d{0,4}[smhd])$/, "a time such as 30s, 5m, 2h or 1d").transform((written) =>
    written === "0" ? 0 : Number(written.slice(0, -1)) * (UNITS_MS[written.slice(-1)] ?? 0),
  );
}

function types() {
  const type = text(TYPE, "a type such as git.push, or its beginning as git.*");
  const list = z.array(type).max(50, { error: "must not have more than 50 types" });
  return z.preprocess((value) => (typeof value === "string" ? [value] : value), list);
}

function prompt() {
  const error = `must be a text of at most ${promptMaxChars} characters that can be typed into a terminal`;
  return z
    .string({ error })
    .max(promptMaxChars, { error })
    .transform((written, context) => {
      try {
        return taskText(written);
      } catch {
        context.issues.push({ code: "custom", message: error, input: undefined });
        return z.NEVER;
      }
    });
}

function cron() {
  return z.string({ error: "must be a cron expression such as 0 9 * * 1-5" }).check((context) => {
    const fault = cronFault(context.value);
    if (fault !== null) context.issues.push({ code: "custom", message: fault, input: undefined });
  });
}

/** Conditions on fields, joined by all, any and not. */
function filter() {
  return z.unknown().transform((value, context): Filter => {
    const found = filterOf(value, 0);
    if (typeof found !== "string") return found;
    context.issues.push({ code: "custom", message: found, input: undefined });
    return z.NEVER;
  });
}

/** The filter, or what is wrong with it. */
function filterOf(value: unknown, depth: number): Filter | string {
  if (!isSection(value)) return "must be conditions such as data.branch: main";
  if (depth > filterDepthMax) return `is nested deeper than ${filterDepthMax}`;
  const parts: Filter[] = [];
  for (const [key, said] of Object.entries(value)) {
    const part = partOf(key, said, depth);
    if (typeof part === "string") return part;
    parts.push(part);
  }
  if (parts.length === 0 || parts.length > 50) return "must have 1 to 50 conditions";
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: "all", of: parts };
}

function partOf(key: string, said: unknown, depth: number): Filter | string {
  if (key === "not") {
    const of = filterOf(said, depth + 1);
    return typeof of === "string" ? of : { kind: "not", of };
  }
  if (key === "all" || key === "any") {
    if (!Array.isArray(said) || said.length === 0 || said.length > 50)
      return `${key} must be a list of conditions`;
    const of = said.map((one) => filterOf(one, depth + 1));
    const fault = of.find((one) => typeof one === "string");
    return typeof fault === "string" ? fault : { kind: key, of: of as Filter[] };
  }
  if (!FIELD.test(key))
    return `has a condition on ${JSON.stringify(key).slice(0, 60)}, which is no field (data.a.b, ${FIELDS.join(", ")})`;
  const test = testOf(said);
  return test === null
    ? `${key} must be a value, a list of values, or one of exact, prefix, suffix, exists`
    : { kind: "field", field: key, test };
}

function testOf(said: unknown): FieldTest | null {
  if (isValue(said)) return { kind: "exact", values: [said] };
  if (Array.isArray(said))
    return said.length > 0 && said.length <= 200 && said.every(isValue)
      ? { kind: "exact", values: said }
      : null;
  if (!isSection(said) || Object.keys(said).length !== 1) return null;
  const { exact, prefix, suffix, exists } = said;
  if (exact !== undefined) return isSection(exact) ? null : testOf(exact);
  if (typeof prefix === "string") return { kind: "prefix", value: prefix };
  if (typeof suffix === "string") return { kind: "suffix", value: suffix };
  return typeof exists === "boolean" ? { kind: "exists", value: exists } : null;
}

function isValue(value: unknown): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function triggerSection() {
  return section({
    on: types().optional(),
    if: filter().optional(),
    wake: label("a worker, an agent of the roster, a kind of agent, or target").nullable().optional(),
    prompt: prompt().nullable().optional(),
    priority: choice(PRIORITIES).nullable().optional(),
    cooldown: span().optional(),
    debounce: section({ period: span(), max: span() }).nullable().optional(),
    batch: section({
      max: wholeNumber(1, 1_000),
      timeout: span(),
      by: text(FIELD, "a field such as data.repository").optional(),
    })
      .nullable()
      .optional(),
    mode: choice(MODES).optional(),
    depth: wholeNumber(1, 100).optional(),
    rateLimit: section({ count: wholeNumber(1, 1_000), per: span() })
      .nullable()
      .optional(),
    ttl: span().nullable().optional(),
    retry: section({ max: wholeNumber(0, 20), first: span() }).optional(),
    ackTimeout: span().optional(),
    budget: section({ tokens: tokenAmount().optional(), cost: dollarAmount().optional() }).optional(),
    trust: choice(["held", "run"]).optional(),
    schedule: section({
      cron: cron(),
      timeZone: timeZone().optional(),
      catchup: choice(CATCH_UP).optional(),
    })
      .nullable()
      .optional(),
    maxPromptTokens: wholeNumber(100, 100_000).optional(),
  }).check(({ value, issues }) => {
    const faults = [
      (value.on ?? []).length === 0 && value.schedule == null
        ? "needs on (types of events), or a schedule"
        : "",
      value.debounce != null && value.debounce.max < value.debounce.period
        ? "has a debounce whose max is below its period"
        : "",
      (value.on ?? []).includes(TICK) ? "takes ticks by its schedule, not by on" : "",
    ].filter((fault) => fault !== "");
    for (const message of faults) issues.push({ code: "custom", message, input: undefined });
  });
}

/** All triggers by name, as they are written. */
export function triggersSchema() {
  return entries(NAME, NAME_RULE, triggerSection());
}

/** One place events come to over HTTP, and who may send there. */
function hook() {
  return section({
    provider: choice(HOOK_PROVIDERS),
    secret: secretText().min(8, { error: "must be a secret of at least 8 characters" }),
    repositories: z
      .array(text(/^[\w.~/-]{1,200}$/, "a repository such as me/app"), {
        error: "must be a list of repositories",
      })
      .max(1_000, { error: "must not have more than 1000 repositories" })
      .optional()
      .transform((names) => names ?? null),
  });
}

/** How events are taken in, whatever they wake. */
export function eventsSchema() {
  return section({
    inbox: yesOrNo(),
    keepDays: wholeNumber(1, 3_650),
    dedupeHours: wholeNumber(1, 8_760),
    hooks: entries(NAME, NAME_RULE, hook()),
    secret: secretText().min(8, { error: "must be a secret of at least 8 characters" }).nullable(),
  });
}

type Written = z.output<ReturnType<typeof triggersSchema>>;

/** The triggers as the gates take them, in the order they are written. */
export function triggersOf(written: Written, zone: string): Trigger[] {
  return Object.entries(written).map(([name, said]): Trigger => {
    const { batch, budget, debounce, rateLimit, retry, schedule } = said;
    return {
      name,
      on: said.on ?? [],
      filter: said.if ?? null,
      wake: said.wake ?? null,
      prompt: said.prompt ?? null,
      priority: said.priority ?? null,
      cooldownMs: said.cooldown ?? 0,
      debounce: debounce == null ? null : { periodMs: debounce.period, maxMs: debounce.max },
      batch: batch == null ? null : { max: batch.max, timeoutMs: batch.timeout, by: batch.by ?? null },
      mode: said.mode ?? "queued",
      depth: said.depth ?? 10,
      rate: rateLimit == null ? null : { count: rateLimit.count, perMs: rateLimit.per },
      ttlMs: said.ttl ?? null,
      retry: { max: retry?.max ?? 4, firstDelayMs: retry?.first ?? 30_000 },
      ackTimeoutMs: said.ackTimeout ?? 120_000,
      budget: { tokens: budget?.tokens ?? null, nanoUsd: budget?.cost ?? null },
      trust: said.trust ?? "held",
      schedule:
        schedule == null
          ? null
          : {
              cron: schedule.cron,
              timeZone: schedule.timeZone ?? zone,
              catchup: schedule.catchup ?? "once",
            },
      maxPromptTokens: said.maxPromptTokens ?? 4_000,
    };
  });
}
