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

function limitsByWindow(amount: () => AmountRule) {
  return section({
    hour: limit(amount()).optional(),
    day: limit(amount()).optional(),
    week: limit(amount()).optional(),
    month: limit(amount()).optional(),
  });
}

function limitsOfScope() {
  return section({
    tokens: limitsByWindow(tokenAmount).optional(),
    cost: limitsByWindow(dollarAmount).optional(),
  });
}

const usdPerMillion = () => number(0, 100_000);

/** The file, laid over the defaults. `declared`: the agents it declares itself. */
export function fileSchema(declared: readonly string[]) {
  const known = [...AGENT_KINDS, ...declared];
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
      ui: route(known),
      coding: route(known),
      documentation: route(known),
      analysis: route(known),
    }),
    preferCheap: yesOrNo(),
    estimate: section({ overheadTokens: wholeNumber(0, 10_000_000), minSamples: wholeNumber(1, 100_000) }),
    limits: section({
      windows: section({
        hour: choice(FORMS),
        day: choice(FORMS),
        week: choice(FORMS),
        month: choice(FORMS),
      }),
      worker: limitsOfScope(),
      global: limitsOfScope(),
      workers: entries(
        /^(concurrent_worker|worker|w)[1-9]\d{0,3}$/,
        "a worker such as w1 or concurrent_worker1",
        limitsOfScope(),
      ),
      models: entries(/^[^-\p{Cc}\p{Cs}\s][^\p{Cc}\p{Cs}]{0,199}$/u, "a model name", limitsOfScope()),
      agents: entries(new RegExp(`^(${known.join("|")})$`), `one of ${known.join(", ")}`, limitsOfScope()),
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
    }),
    prices: section({
      profile: choice(PRICE_PROFILES),
      overrides: entries(
        /^[^-\p{Cc}\p{Cs}\s][^\p{Cc}\p{Cs}]{0,199}$/u,
        "a model name",
        section({
          input: usdPerMillion(),
          output: usdPerMillion(),
          cacheRead: usdPerMillion().optional(),
          cacheWrite5m: usdPerMillion().optional(),
          cacheWrite1h: usdPerMillion().optional(),
          longPrompt: section({
            aboveTokens: wholeNumber(1, 100_000_000),
            input: usdPerMillion(),
            output: usdPerMillion(),
            cacheRead: usdPerMillion().optional(),
            cacheWrite5m: usdPerMillion().optional(),
            cacheWrite1h: usdPerMillion().optional(),
          }).optional(),
          fast: number(0, 100).optional(),
          batch: number(0, 100).optional(),
          webSearches: usdPerMillion().optional(),
          from: day().optional(),
        }),
      ),
    }),
    auto: section({ tickMs: wholeNumber(1_000, 3_600_000) }),
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
