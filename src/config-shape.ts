/**
 * The shape of the configuration: what the rest of the product gets, once it is read, validated and frozen.
 * How it is found and read stands in `config.ts`.
 */
import type { AgentKind, AgentMode, AgentSettings, BuiltInAgent } from "./agents/adapter.ts";
import type { AlertsConfig } from "./config-alerts.ts";
import type { DeclaredAgent } from "./agents/declared-agent.ts";
import type { PriceOverrides } from "./metering/price-overrides.ts";
import type { Level } from "./throttle/levels.ts";
import type { Limit } from "./throttle/limits.ts";
import type { TaskCap } from "./tasks/cap.ts";
import type { Roster } from "./roster/roster.ts";
import type { TaskType } from "./tasks/task.ts";
import type { Hook } from "./activation/hooks.ts";
import type { Trigger } from "./activation/trigger.ts";
import type { AccountFolders } from "./record-folders.ts";
import type { RecordFolders } from "./transcripts/formats.ts";

/** Absolute paths of everything the product keeps. Folders are 0700, files 0600, from their creation on. */
export interface Paths {
  readonly stateDir: string;
  readonly ledgerFile: string;
  readonly lockFile: string;
  readonly managerSocket: string;
  readonly tmuxSocket: string;
  readonly spoolDir: string;
  readonly workersDir: string;
  readonly historyFile: string;
  readonly usageIndex: string;
  readonly usageAnswers: string;
  /** Prices brought by `prices update`. */
  readonly pricesFile: string;
  /** Keys and address of the dashboard. */
  readonly dashboardFile: string;
  /** Reports made by a schedule, unless the configuration names a folder. */
  readonly reportsDir: string;
}

/** A route (profile): what a task type is sent to. `agent` null = the fleet's default agent. */
export interface RouteConfig {
  readonly name: string;
  readonly agent: AgentKind | null;
  /** `cheap` and `premium` are resolved by the agent's own model table; anything else is passed as it is. */
  readonly model: string;
}

export interface AgentConfig extends AgentSettings {
  /** What the tiers `cheap` and `premium` mean for this agent; null = the agent's own default model. */
  readonly models: { readonly cheap: string | null; readonly premium: string | null };
  readonly mode: AgentMode;
  /** What the configuration says of an agent that does not come with the product; null = it does. */
  readonly declared: DeclaredAgent | null;
}

/** Credentials of their own for one agent kind, reached by an environment. */
export interface NamedAccount {
  readonly agent: AgentKind;
  /** Laid over the agent's own. Values may be secret: they reach it by a 0600 file only. */
  readonly env: Readonly<Record<string, string>>;
  /** Percent of its windows that is kept for the person; null = as for all. */
  readonly reservePercent: number | null;
}

/** A roster, where it was read, and where its metrics are written. */
export interface RosterSetting {
  readonly file: string;
  readonly roster: Roster;
  /** Folder of the metrics files; null = none are written. */
  readonly metricsDir: string | null;
}

/** How events are taken in. */
export interface EventSettings {
  /** Are files in the inbox of the state folder taken? */
  readonly inbox: boolean;
  /** Ended events are forgotten then. */
  readonly keepDays: number;
  /** A source's event with the same id is the same one for so long. */
  readonly dedupeHours: number;
  /** Whoever signs with it may send any event over HTTP; null = nobody. */
  readonly secret: string | null;
  readonly hooks: Readonly<Record<string, Hook>>;
}

export interface Config {
  readonly paths: Paths;
  /** The file it was read from, or null: defaults only. */
  readonly configFile: string | null;
  readonly workers: {
    readonly count: number;
    /** A name, or `auto`: the first agent CLI found (claude, codex), else rehearsal, saying so. */
    readonly agent: AgentKind;
    readonly cols: number;
    readonly rows: number;
    /** Where workers start; a task's own folder wins where the agent can change it. */
    readonly cwd: string;
    readonly restart: {
      readonly firstDelayMs: number;
      readonly maxDelayMs: number;
      readonly maxInRow: number;
    };
  };
  /** Between tasks of one worker: keep the conversation, clear it when type or project changes, or a fresh start. */
  readonly context: "keep" | "clear" | "fresh";
  /** By name: those that come with the product first. */
  readonly agents: Readonly<Record<BuiltInAgent, AgentConfig>> & Readonly<Record<AgentKind, AgentConfig>>;
  readonly routes: Readonly<Record<TaskType, RouteConfig>>;
  readonly preferCheap: boolean;
  readonly estimate: { readonly overheadTokens: number; readonly minSamples: number };
  readonly throttle: {
    readonly limits: readonly Limit[];
    readonly timeZone: string;
    readonly criticalHeadroomPercent: number;
    readonly pauseAt: Level | null;
    readonly hardStop: boolean;
    readonly oversized: "run" | "ask" | "refuse";
    readonly countCacheReads: boolean;
    /** For tasks that are queued without a cap of their own; null = none. */
    readonly taskCap: TaskCap | null;
    /** What `focus on` keeps of each limit for the person. */
    readonly focusPercent: number;
  };
  readonly prices: {
    readonly profile: string;
    /** Dollars per million tokens by model name, laid over the profile. */
    readonly overrides: PriceOverrides;
  };
  readonly auto: { readonly tickMs: number };
  /** A worker without work for so long has its session stopped until its next task; null = never. */
  readonly sleep: { readonly afterMinutes: number | null };
  readonly accounts: {
    /** Attempts whose account was parked go on by themselves when it is free again. */
    readonly autoResume: boolean;
    /** What they are told then. */
    readonly resumeWords: string;
    /** Percent of the provider's own windows that is kept for the person. */
    readonly reservePercent: number;
    /** Accounts beside the one that each agent finds by itself. */
    readonly named: Readonly<Record<string, NamedAccount>>;
  };
  /** The project's hierarchy; null: there is none, and all is one flat group. */
  readonly roster: RosterSetting | null;
  /** Where reports made by a schedule are written; null = into a private folder of ours. */
  readonly reports: { readonly folder: string | null };
  readonly usage: {
    /** Is what your own sessions record looked for, and counted against limits on agents? */
    readonly external: boolean;
    readonly folders: RecordFolders;
    /** Of named accounts that have folders of their own. */
    readonly accounts: readonly AccountFolders[];
  };
  /** What agents tell of their usage themselves, received on loopback and held against their records. */
  readonly telemetry: {
    readonly receive: boolean;
    /** 0 = any that is free. */
    readonly port: number;
  };
  /** The pages and the API on this machine. */
  readonly dashboard: {
    readonly enabled: boolean;
    readonly bind: string;
    /** The first of ten that are tried; 0 = any that is free. */
    readonly port: number;
    /** Further names it may be called by, without the port. */
    readonly hosts: readonly string[];
  };
  /** Where events are also taken from, and told; its keys begin with the prefix. */
  readonly redis: {
    /** It may hold a password. null = none. */
    readonly url: string | null;
    readonly prefix: string;
  };
  readonly events: EventSettings;
  /** In the order they are written. */
  readonly triggers: readonly Trigger[];
  readonly alerts: AlertsConfig;
}
