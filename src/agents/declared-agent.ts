/** What the configuration says of an agent that it declares itself. All of it is data; none of it is code. */

/** Formats of records that a declared agent may write. `lines`: our own, one line of JSON a response. */
export const DECLARED_FORMATS = ["lines", "claude", "codex", "gemini"] as const;
export type DeclaredFormat = (typeof DECLARED_FORMATS)[number];

/** How something is told: by the hook script, by an OSC sequence of the terminal stream, or by a printed line. */
export type Mark =
  | { readonly kind: "hook"; readonly name: string }
  | { readonly kind: "osc"; readonly pattern: string }
  | { readonly kind: "pattern"; readonly pattern: string };

export interface DeclaredRecord {
  readonly format: DeclaredFormat;
  /** Absolute once {dir} and {session} are filled in. */
  readonly path: string;
}

interface DeclaredCommon {
  readonly failed: Mark | null;
  readonly record: DeclaredRecord | null;
  readonly firstRequestTokens: number;
  /** Key that interrupts a running task. */
  readonly interrupt: string;
}

/** One process a task: the prompt is its standard input, its exit is the end. */
export interface DeclaredProcess extends DeclaredCommon {
  readonly kind: "process";
}

/** One process for many tasks, typed into. */
export interface DeclaredConversation extends DeclaredCommon {
  readonly kind: "conversation";
  /** How the line reads in which it waits for a task. */
  readonly composer: string;
  /** Lines of the screen that stand below that one. */
  readonly footerLines: number;
  /** null: its composer says so. */
  readonly ready: Mark | null;
  /** null: a screen without an empty composer says so. */
  readonly accepted: Mark | null;
  readonly done: Mark;
  readonly asks: Mark | null;
  readonly submit: { readonly bracketed: boolean; readonly afterMs: number; readonly key: string };
  /** Command that empties its conversation, or null. */
  readonly clear: string | null;
}

export type DeclaredAgent = DeclaredProcess | DeclaredConversation;
