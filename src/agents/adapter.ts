/**
 * The port to one kind of agent. An adapter is pure: it says how to launch the agent, how its signals and its
 * screen read, and where its record lies; `workers/` does the I/O. One file an agent.
 */
import type { SeenWindow } from "../metering/provider-limits.ts";
import type { RecordFormat } from "../metering/record-format.ts";
import type { UsageRecord } from "../metering/usage.ts";

export const AGENT_KINDS = ["claude", "codex", "gemini", "opencode", "shell", "rehearsal"] as const;
export type BuiltInAgent = (typeof AGENT_KINDS)[number];
/** Name of an agent: one that comes with the product, or one that the configuration declares. */
export type AgentKind = string;

/** `interactive`: one session for many tasks, typed into. `headless`: one process a task. */
export const AGENT_MODES = ["interactive", "headless"] as const;
export type AgentMode = (typeof AGENT_MODES)[number];

/** What the configuration says of one agent kind. */
export interface AgentSettings {
  /** Program and fixed arguments, e.g. ["claude"] or ["/opt/codex/bin/codex"]. */
  readonly command: readonly string[];
  /** The agent's own permission mode, handed through (claude: default, acceptEdits, …; codex: approval policy). */
  readonly permissionMode: string | null;
  /** Extra environment of the agent's process. Values may be secret: they reach it by a 0600 file only. */
  readonly env: Readonly<Record<string, string>>;
}

export interface LaunchRequest {
  readonly launchId: string;
  readonly model: string | null;
  readonly cwd: string;
  /** A 0700 folder of this launch alone, absolute. */
  readonly dir: string;
  /** Absolute path of the script an agent's hook calls as `<script> <event>` with its JSON on stdin. */
  readonly hookScript: string;
  /** A fresh UUID the adapter may use as the agent's session id. */
  readonly sessionId: string;
  /** Conversation to go on with, where the agent can (a relaunch with another model); null = a new one. */
  readonly resumeSessionId: string | null;
  readonly settings: AgentSettings;
}

export interface LaunchPlan {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Files to write into `dir` (0600) before the start, by plain name. */
  readonly files: readonly { readonly name: string; readonly text: string }[];
  /** Where its record will lie, where that is known beforehand. */
  readonly recordPath?: string | null;
}

/** One thing an agent's hook, its launcher or its terminal stream told us. `payload` is hostile input. */
export interface Signal {
  readonly launchId: string;
  readonly event: string;
  readonly atMs: number;
  readonly payload: unknown;
}

/** What a provider or the CLI said when a turn failed. */
export type FailureClass =
  | "rate-limited"
  | "quota-exhausted"
  | "overloaded"
  | "out-of-credit"
  | "not-logged-in"
  | "invalid-request"
  | "interrupted"
  | "unknown";

/** A turn that ended without an answer. */
export interface TurnFailure {
  readonly kind: "turn-failed";
  readonly failure: FailureClass;
  readonly message: string;
  readonly resetsAtMs: number | null;
}

/** A signal or a record line, understood. */
export type AgentEvent =
  | { readonly kind: "ready"; readonly sessionId: string | null; readonly recordPath: string | null }
  | {
      readonly kind: "accepted";
      /** The prompt as taken in, free of the agent's own wrapping (see `normalisePrompt`); null = not told. */
      readonly prompt: string | null;
      /** Only of agents that are told the attempt's id (shell). */
      readonly attemptId?: string;
      readonly sessionId: string | null;
      readonly recordPath: string | null;
    }
  | { readonly kind: "progress" }
  | { readonly kind: "asks"; readonly question: string }
  | {
      readonly kind: "turn-ended";
      readonly answer: string | null;
      readonly sessionId: string | null;
      readonly recordPath: string | null;
    }
  | TurnFailure
  /** What a process said of its task before it ends; the end of the process is the end of the task. */
  | {
      readonly kind: "said";
      readonly answer: string | null;
      readonly failure: TurnFailure | null;
      readonly sessionId: string | null;
      readonly recordPath: string | null;
    }
  | { readonly kind: "windows"; readonly windows: readonly SeenWindow[] }
  /** A tool was used, and what it printed sums up a run of tests. */
  | { readonly kind: "tested"; readonly passed: number; readonly of: number }
  | { readonly kind: "command-ended"; readonly attemptId: string; readonly exitCode: number }
  | { readonly kind: "cleared"; readonly sessionId: string | null; readonly recordPath: string | null }
  | { readonly kind: "exited"; readonly exitCode: number };

/** What a piece of terminal output told, and its unfinished tail: hand that in again before the next piece. */
export interface StreamReading {
  readonly events: readonly AgentEvent[];
  readonly rest: string;
}

/** What the visible screen shows, for the checks before typing and where no signal exists. */
export interface ScreenReading {
  /** `interrupted` and `limited` can be typed into as `idle` can: they say besides how the last turn ended. */
  readonly state: "idle" | "busy" | "dialog" | "draft" | "limited" | "interrupted" | "unknown";
  /** The question of a dialog, or the draft in the composer; null otherwise. */
  readonly text: string | null;
  /** Which line or mark decided, for `why W`. */
  readonly because: string;
  /** How the turn above an idle composer ended, where the screen says so; only asked for when a signal was missed. */
  readonly ended?: AgentEvent | null;
}

/** How a task's text reaches the agent. */
export interface Submission {
  /** Bytes to paste, already free of control characters. */
  readonly paste: string;
  /** Bracketed paste: only for agents that switch it on. */
  readonly bracketed: boolean;
  /** Pause between the paste and the Enter that the tmux server presses; null = the paste ends its own line. */
  readonly enterAfterMs: number | null;
  /** Key in place of that Enter, by its tmux name. */
  readonly submitKey?: string;
  /** A file to write (0600) into the launch folder before the paste, e.g. the shell task's script. */
  readonly file: SubmissionFile | null;
}

export interface SubmissionFile {
  readonly name: string;
  readonly text: string;
  /** Written over the one of the task before: nobody reads it any more. */
  readonly inPlace?: boolean;
}

export interface AgentTraits {
  readonly kind: AgentKind;
  /** What is typed before it waits for input becomes lines of its own: nothing on its screen can be in a task's way. */
  readonly takesTypedAhead?: boolean;
  /** False: nothing it does costs tokens (shell). */
  readonly spends: boolean;
  /** True: its record is a simulation and is marked so everywhere (rehearsal). */
  readonly simulated: boolean;
  /** Least tokens one first request is known to cost against a token limit (cache reads apart). */
  readonly firstRequestTokens: number;
  /** How long the acceptance of a typed prompt may take before delivery counts as uncertain. */
  readonly acceptWithinMs: number;
  /** Slash command that empties the conversation between tasks, or null. */
  readonly clearCommand: string | null;
  /**
   * The line that has it sum its conversation up and go on with the summary, of about so many tokens. Left out = it has
   * none, or no conversation outlives a task.
   */
  readonly compactLine?: (retainedTokens: number) => string;
  /** tmux key name that interrupts a running turn, e.g. "Escape" or "C-c". */
  readonly interruptKey: string;
  /** How often it is pressed for one interrupt, a moment apart; absent: once. */
  readonly interruptPresses?: number;
  /** Which must be seen before a task is typed after a launch or a clear: a signal, or an idle screen. */
  readonly readyBy: "signal" | "screen";
  /**
   * How an attempt that met a limit goes on: by words in its conversation (absent), by a further process in it, or not
   * at all: then it fails with its reason.
   */
  readonly goesOnBy?: "words" | "process" | "nothing";
}

/** Where an agent's own record of a session lies, and how its text reads. */
export interface AgentRecord {
  /** Files or folders (absolute) that hold the records of this session, folders read recursively for *.jsonl. */
  readonly paths: readonly string[];
  /** Parses whole text of one file into records; unknown or broken lines are passed over. */
  parse(text: string): readonly UsageRecord[];
  /** The same, line by line, for a file that is read on while it grows. Left out = it is read again from its mark. */
  readonly format?: RecordFormat;
  /** Does this text already hold the answer that ended the turn? Null answer = any ended turn. */
  holdsAnswer(text: string, answer: string | null): boolean;
  /**
   * How the last turn in this text failed, where a record says more than the signal did (class, sentence, reset);
   * null = it did not fail, or the record does not tell.
   */
  turnFailure(text: string): TurnFailure | null;
  /** What this text says of the provider's own windows. Left out = this agent's record never does. */
  windows?(text: string): readonly SeenWindow[];
  /** Where agents that this session started keep records of their own. Left out = in the paths above. */
  readonly startedAgents?: StartedAgents;
  /** Does this text tell that the conversation was compacted, by whomever? Left out = this agent's record never does. */
  compacted?(text: string): boolean;
  /**
   * The records of a whole session, with what its agent states that it used beside them, in the whole text of its first
   * file; null = nothing that they can be held against. Left out = it never does.
   */
  withBeyond?(text: string, records: readonly UsageRecord[]): readonly UsageRecord[] | null;
  /** Does the agent begin another turn by itself after this answer, with a report of its own? Left out = it never does. */
  goesOnByItself?(text: string, answer: string): boolean;
}

/** Records beside others' in one tree of folders whose paths sort by time. */
export interface StartedAgents {
  readonly root: string;
  /** The session's own path below the root: what it started lies in no folder that sorts before its own. */
  readonly from: string;
  readonly sessionId: string;
  /** The session that started the agent whose record begins with this line, or null. */
  starterOf(firstLine: string): string | null;
}

/** Six methods at most: launch, interpret a signal, read a stream, read a screen, submit, find the record. */
export interface AgentAdapter {
  readonly traits: AgentTraits;
  launch(request: LaunchRequest): LaunchPlan;
  interpret(signal: Signal): AgentEvent | null;
  /** Events found in raw terminal output (e.g. OSC 7501 of Codex); most agents have none. */
  readStream(chunk: string): StreamReading;
  readScreen(lines: readonly string[]): ScreenReading;
  submission(attemptId: string, text: string, cwd: string): Submission;
  record(sessionId: string, recordPath: string | null): AgentRecord | null;
}
