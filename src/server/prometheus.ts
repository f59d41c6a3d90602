/**
 * The figures as Prometheus reads them. Names are those of OpenTelemetry's GenAI conventions where there are such, and
 * ctm's own elsewhere. What is unknown has no line, which is not the same as 0.
 */
import type { MetricsModel } from "../reports/metrics-model.ts";
import type { StatusModel } from "../reports/status-model.ts";
import { levelRank } from "../throttle/levels.ts";

const nanoPerUsd = 1_000_000_000;

type Labels = Readonly<Record<string, string>>;

interface Family {
  readonly name: string;
  readonly type: "gauge" | "counter";
  readonly help: string;
  readonly samples: readonly (readonly [Labels, number | null])[];
}

export interface ServerCounts {
  readonly refused: ReadonlyMap<number, number>;
  readonly readers: number;
}

export function prometheusText(status: StatusModel, metrics: MetricsModel, server: ServerCounts): string {
  const families = [
    ...taskFamilies(status),
    ...tokenFamilies(metrics),
    ...limitFamilies(status),
    ...serverFamilies(server),
  ];
  return `${families.flatMap(linesOf).join("\n")}\n`;
}

function taskFamilies({ queue, completed, workers, mode }: StatusModel): Family[] {
  const states: [Labels, number][] = [
    [{ state: "queued" }, queue.queued],
    [{ state: "held" }, queue.held],
    [{ state: "running" }, queue.running],
  ];
  const outcomes: [Labels, number][] = [
    [{ outcome: "completed" }, completed],
    [{ outcome: "failed" }, queue.failed],
    [{ outcome: "lost" }, queue.lost],
  ];
  const byState = new Map<string, number>();
  for (const { state } of workers) byState.set(state, (byState.get(state) ?? 0) + 1);
  return [
    {
      name: "ctm_tasks",
      type: "gauge",
      help: "Tasks that wait or run; held ones are among the queued.",
      samples: states,
    },
    { name: "ctm_tasks_ended_total", type: "counter", help: "Tasks that have ended.", samples: outcomes },
    {
      name: "ctm_workers",
      type: "gauge",
      help: "Workers by state.",
      samples: [...byState].map(([state, n]) => [{ state }, n]),
    },
    {
      name: "ctm_dispatching",
      type: "gauge",
      help: "1 where tasks are handed out by themselves.",
      samples: [[{}, mode.kind === "auto" ? 1 : 0]],
    },
  ];
}

function tokenFamilies(metrics: MetricsModel): Family[] {
  return [
    {
      name: "gen_ai_client_token_usage_total",
      type: "counter",
      help: "Tokens booked, by kind.",
      samples: [
        [{ gen_ai_token_type: "input" }, metrics.inputTokens.value],
        [{ gen_ai_token_type: "output" }, metrics.outputTokens.value],
        [{ gen_ai_token_type: "cache_read" }, metrics.cacheReadTokens.value],
        [{ gen_ai_token_type: "cache_creation" }, metrics.cacheWriteTokens.value],
      ],
    },
    {
      name: "ctm_model_tokens_total",
      type: "counter",
      help: "Tokens as limits count them, by model.",
      samples: metrics.models.map(({ model, tokens }) => [{ gen_ai_response_model: model }, tokens.value]),
    },
    {
      name: "ctm_model_cost_usd_total",
      type: "counter",
      help: "What is known of the cost in dollars, by model.",
      samples: metrics.models.map(({ model, cost }) => [
        { gen_ai_response_model: model },
        cost.value === null ? null : cost.value / nanoPerUsd,
      ]),
    },
  ];
}

function limitFamilies({ limits, workerLevels }: StatusModel): Family[] {
  const limitRows = limits.filter(({ limit }) => limit !== null);
  const labelsOf = (limit: string, unit: string): Labels => ({ limit, unit: unit === "cost" ? "usd" : unit });
  const inUnit = (amount: number, unit: string): number => (unit === "cost" ? amount / nanoPerUsd : amount);
  return [
    {
      name: "ctm_limit_used",
      type: "gauge",
      help: "What stands against a limit, in tokens or dollars.",
      samples: limitRows.map(({ limitId, unit, used }) => [labelsOf(limitId, unit), inUnit(used, unit)]),
    },
    {
      name: "ctm_limit_held",
      type: "gauge",
      help: "What running tasks reserve, in tokens or dollars.",
      samples: limitRows.map(({ limitId, unit, held }) => [labelsOf(limitId, unit), inUnit(held, unit)]),
    },
    {
      name: "ctm_limit_amount",
      type: "gauge",
      help: "The limit, in tokens or dollars.",
      samples: limitRows.map(({ limitId, unit, limit }) => [
        labelsOf(limitId, unit),
        inUnit(limit ?? 0, unit),
      ]),
    },
    {
      name: "ctm_throttle_level",
      type: "gauge",
      help: "0 NONE, 1 WARNING, 2 SOFT, 3 HARD, 4 CRITICAL.",
      samples: [
        ...limitRows.map(({ limitId, level }): [Labels, number] => [{ limit: limitId }, levelRank(level)]),
        ...workerLevels.map(({ worker, level }): [Labels, number] => [{ worker }, levelRank(level)]),
      ],
    },
  ];
}

function serverFamilies({ refused, readers }: ServerCounts): Family[] {
  return [
    {
      name: "ctm_http_refused_total",
      type: "counter",
      help: "Calls that were refused, by status.",
      samples: [...refused].map(([status, n]) => [{ status: String(status) }, n]),
    },
    { name: "ctm_live_readers", type: "gauge", help: "Who follows what happens.", samples: [[{}, readers]] },
  ];
}

function linesOf({ name, type, help, samples }: Family): string[] {
  const known = samples.flatMap(([labels, value]) =>
    value === null ? [] : [`${name}${labelWords(labels)} ${value}`],
  );
  return known.length === 0 ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...known];
}

function labelWords(labels: Labels): string {
  const words = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return words.length === 0 ? "" : `{${words.join(",")}}`;
}

function escaped(value: string): string {
  return value.replace(/[\\"\n]/g, (found) => (found === "\n" ? "\\n" : `\\${found}`));
}
