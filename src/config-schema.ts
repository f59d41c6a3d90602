/** What the configuration file may say, key by key, and how its limits become the throttle's. */
import * as z from "zod";
import { AGENT_KINDS } from "./agents/adapter.ts";
import { workersMax } from "./base/limits.ts";
import { agents, environment } from "./config-agents.ts";
import { alerts } from "./config-alerts.ts";
import {
  type AmountRule,
  choice,
  day,
  dollarAmount,
  entries,
  folders,
  label,
  number,
  secretText,
  section,
  timeZone,
  taskCap,
  tokenAmount,
  wholeNumber,
  yesOrNo,
} from "./config-rules.ts";
import { dashboard } from "./config-dashboard.ts";
import { redis } from "./config-redis.ts";
import { isSection } from "./config-defaults.ts";
import { eventsSchema, triggersSchema } from "./trigger-schema.ts";
import { PRICE_PROFILES } from "./metering/prices.ts";
import {
  eachName,
  type Limit,
  type LimitUnit,
  type Scope,
  WINDOWS,
  type WindowForm,
  type WindowName,
} from "./throttle/limits.ts";

const FORMS = ["rolling", "calendar"] as const;
/** NONE is left out: pausing at it would admit nothing, ever. */
const PAUSE_LEVELS = ["warning", "soft", "hard", "critical"] as const;

function route(known: readonly string[]) {
  return section({ name: label("a name"), agent: choice(known).nullable(), model: label("a model name") });
}

/** One limit: an amount alone, or {amount, form} for one whose window is not of the usual form. */
function limit(amount: AmountRule) {
  return z.preprocess(
    (value) => (isSection(value) ? value : { amount: value }),
    section({ amount, form: choice(FORMS).optional() }),
  );
}

function limitsByWindow(amount: AmountRule) {
  const rule = limit(amount).optional();
  return section({ hour: rule, day: rule, week: rule, month: rule });
}

function limitsOfScope() {
  return section({
    tokens: limitsByWindow(tokenAmount()).optional(),
    cost: limitsByWindow(dollarAmount()).optional(),
  });
}

let lastMade: { readonly of: string; readonly schema: ReturnType<typeof makeFileSchema> } | null = null;

/** The file, laid over the defaults. `declared`: the agents it declares itself. */
export function fileSchema(declared: readonly string[]): ReturnType<typeof makeFileSchema> {
  const of = declared.join();
  if (lastMade?.of !== of) lastMade = { of, schema: makeFileSchema(declared) };
  return lastMade.schema;
}

/** Rules that say the same are one: making them is most of what a short call's configuration takes. */
function makeFileSchema(declared: readonly string[]) {
  const known = [...AGENT_KINDS, ...declared];
  const form = choice(FORMS);
  const ofScope = limitsOfScope();
  const anyRoute = route(known);
  const usdPerMillion = number(0, 100_000);
  const name = new RegExp(`^(?!(?:${known.join("|")})$)[a-z][a-z0-9_-]{0,39}$`);
  return section({
    workers: section({
      count: wholeNumber(0, workersMax),
      agent: choice([...known, "auto"]),
      cols: wholeNumber(40, 500),
      rows: wholeNumber(10, 300),
      cwd: secretText().min(1, { error: "must be a folder, or null" }).nullable(),
      restart: section({
        firstDelayMs: wholeNumber(0, 3_600_000),
        maxDelayMs: wholeNumber(0, 86_400_000),
        maxInRow: wholeNumber(0, 1_000),
      }),
    }),
    context: choice(["keep", "clear", "fresh"]),
    agents: agents(declared),
    routes: section({
      ui: anyRoute,
      coding: anyRoute,
      documentation: anyRoute,
      analysis: anyRoute,
    }),
    preferCheap: yesOrNo(),
    estimate: section({ overheadTokens: wholeNumber(0, 10_000_000), minSamples: wholeNumber(1, 100_000) }),
    limits: section({
      windows: section({
        hour: form,
        day: form,
        week: form,
        month: form,
      }),
      worker: ofScope,
      global: ofScope,
      workers: entries(
        /^(concurrent_worker|worker|w)[1-9]\d{0,3}$/,
        "a worker such as w1 or concurrent_worker1",
        ofScope,
      ),
      models: entries(/^[^-\p{Cc}\p{Cs}\s][^\p{Cc}\p{Cs}]{0,199}$/u, "a model name", ofScope),
      agents: entries(new RegExp(`^(${known.join("|")})$`), `one of ${known.join(", ")}`, ofScope),
    }),
    throttle: section({
      timeZone: timeZone(),
      criticalHeadroomPercent: wholeNumber(0, 100),
      pauseAt: z.preprocess(
        (value) => (typeof value === "string" ? value.toLowerCase() : value),
        choice(PAUSE_LEVELS).nullable(),
      ),
      hardStop: yesOrNo(),
      oversized: choice(["run", "ask", "refuse"]),
      countCacheReads: yesOrNo(),
      taskCap: taskCap(),
      focusPercent: wholeNumber(1, 100),
    }),
    prices: section({
      profile: choice(PRICE_PROFILES),
      overrides: entries(
        /^[^-\p{Cc}\p{Cs}\s][^\p{Cc}\p{Cs}]{0,199}$/u,
        "a model name",
        section({
          input: usdPerMillion,
          output: usdPerMillion,
          cacheRead: usdPerMillion.optional(),
          cacheWrite5m: usdPerMillion.optional(),
          cacheWrite1h: usdPerMillion.optional(),
          longPrompt: section({
            aboveTokens: wholeNumber(1, 100_000_000),
            input: usdPerMillion,
            output: usdPerMillion,
            cacheRead: usdPerMillion.optional(),
            cacheWrite5m: usdPerMillion.optional(),
            cacheWrite1h: usdPerMillion.optional(),
          }).optional(),
          fast: number(0, 100).optional(),
          batch: number(0, 100).optional(),
          webSearches: usdPerMillion.optional(),
          from: day().optional(),
        }),
      ),
    }),
    auto: section({ tickMs: wholeNumber(1_000, 3_600_000) }),
    sleep: section({ afterMinutes: wholeNumber(1, 100_000).nullable() }),
    accounts: section({
      autoResume: yesOrNo(),
      resumeWords: label("a sentence on one line that begins with a letter or a digit"),
      reservePercent: wholeNumber(0, 99),
      named: entries(
        name,
        "a short name in lower case that is no agent's",
        section({
          agent: choice(known),
          env: environment()
            .optional()
            .transform((env) => env ?? {}),
          reservePercent: wholeNumber(0, 99)
            .nullable()
            .optional()
            .transform((percent) => percent ?? null),
        }),
      ),
    }),
    roster: section({
      file: secretText().min(1, { error: "must be a file, or null" }).nullable(),
      metrics: secretText().min(1, { error: "must be a folder, or null" }).nullable(),
    }),
    reports: section({ folder: secretText().min(1, { error: "must be a folder, or null" }).nullable() }),
    usage: section({
      external: yesOrNo(),
      folders: section({
        claude: folders().nullable(),
        codex: folders().nullable(),
        gemini: folders().nullable(),
        opencode: folders().nullable(),
      }),
    }),
    telemetry: section({ receive: yesOrNo(), port: wholeNumber(0, 65_535) }),
    dashboard: dashboard(),
    redis: redis(),
    events: eventsSchema(),
    triggers: triggersSchema(),
    alerts: alerts(),
  });
}

export type FileConfig = z.output<ReturnType<typeof fileSchema>>;
type ScopeLimits = FileConfig["limits"]["global"];

/**
 * The limits of the file as the throttle takes them. `null` for everybody means no limit and is left out; `null`
 * for a named worker, model or agent is kept, for it lifts what would hold otherwise.
 */
export function limitsOfFile(limits: FileConfig["limits"]): Limit[] {
  const everybody = [
    ...scopeLimits({ kind: "worker", name: eachName }, limits.worker, limits.windows),
    ...scopeLimits({ kind: "global" }, limits.global, limits.windows),
  ].filter((limit) => limit.amount !== null);
  const named = [
    ...namedLimits(limits.workers, (name) => ({ kind: "worker", name: workerName(name) }), limits.windows),
    ...namedLimits(limits.models, (name) => ({ kind: "model", name }), limits.windows),
    ...namedLimits(limits.agents, (name) => ({ kind: "agent", name }), limits.windows),
  ];
  return [...everybody, ...named];
}

function namedLimits(
  byName: Readonly<Record<string, ScopeLimits>>,
  scopeOf: (name: string) => Scope,
  forms: Record<WindowName, WindowForm>,
): Limit[] {
  return Object.entries(byName).flatMap(([name, limits]) => scopeLimits(scopeOf(name), limits, forms));
}

function scopeLimits(scope: Scope, limits: ScopeLimits, forms: Record<WindowName, WindowForm>): Limit[] {
  const units: readonly LimitUnit[] = ["tokens", "cost"];
  return units.flatMap((unit) =>
    WINDOWS.flatMap((window) => {
      const entry = limits[unit]?.[window];
      return entry === undefined
        ? []
        : [{ scope, unit, window, form: entry.form ?? forms[window], amount: entry.amount }];
    }),
  );
}

/** w1 and worker1 are short for concurrent_worker1. */
function workerName(name: string): string {
  return `concurrent_worker${/\d+$/.exec(name)?.[0] ?? ""}`;
}
