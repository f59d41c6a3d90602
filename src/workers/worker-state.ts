/** What a worker can be, and the evidence for it: each source's last word with its age, the best one decides. */
import { agentWords } from "../base/agent-words.ts";

export type WorkerState =
  | { readonly name: "starting"; readonly sinceMs: number }
  | { readonly name: "idle"; readonly sinceMs: number }
  /** attemptId null: a person is using it. */
  | { readonly name: "busy"; readonly sinceMs: number; readonly attemptId: string | null }
  | {
      readonly name: "needs-input";
      readonly sinceMs: number;
      readonly attemptId: string | null;
      readonly question: string;
    }
  | {
      readonly name: "limited";
      readonly sinceMs: number;
      readonly untilMs: number | null;
      readonly message: string;
    }
  | {
      readonly name: "dead";
      readonly sinceMs: number;
      readonly reason: string;
      readonly restartAtMs: number | null;
    };

/** Most reliable first: the agent's own signals, what the process did, its record, the screen, our own typing. */
export const EVIDENCE_SOURCES = ["signal", "process", "record", "screen", "typing"] as const;
export type EvidenceSource = (typeof EVIDENCE_SOURCES)[number];

export interface Evidence {
  readonly source: EvidenceSource;
  /** What it says, as a person reads it, e.g. "Stop: the turn ended". */
  readonly says: string;
  readonly atMs: number;
}

/** The last word of each source, and which of them decided the state. */
export class EvidenceLog {
  readonly #last = new Map<EvidenceSource, Evidence>();
  #decided: Evidence | null = null;

  note(seen: Evidence, decides: boolean): void {
    const evidence = { ...seen, says: agentWords(seen.says) };
    this.#last.set(evidence.source, evidence);
    if (decides) this.#decided = evidence;
  }

  get decided(): Evidence | null {
    return this.#decided;
  }

  /** Most reliable source first. */
  all(): readonly Evidence[] {
    return EVIDENCE_SOURCES.flatMap((source) => this.#last.get(source) ?? []);
  }
}
