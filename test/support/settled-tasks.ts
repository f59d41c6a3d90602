/** Tasks that have ended, as the ledger's own verbs leave them. */
import { attemptOf, type Ledger } from "../../src/ledger/ledger.ts";
import { NO_USAGE, type UsageSource } from "../../src/metering/usage.ts";
import type { Outcome, TaskType } from "../../src/tasks/task.ts";
import { assignmentOf, draftOf } from "./drafts.ts";

export interface Settled {
  readonly id: string;
  readonly agent: string;
  readonly model: string | null;
  readonly type?: TaskType;
  readonly outcome?: Outcome["kind"];
  readonly tokens?: number;
  /** null: its model has no price. */
  readonly nanoUsd: number | null;
  readonly source?: UsageSource;
  readonly member?: string;
}

const outcomes: Readonly<Record<Outcome["kind"], Outcome>> = {
  completed: { kind: "completed", exitCode: null, answer: null },
  failed: { kind: "failed", reason: "it broke", exitCode: 1 },
  cancelled: { kind: "cancelled" },
  lost: { kind: "lost", reason: "its worker is gone" },
};

export function settleTask(ledger: Ledger, settled: Settled): void {
  const { id, agent, model, type = "coding", outcome = "completed", tokens = 1, nanoUsd } = settled;
  const member = settled.member === undefined ? null : { id: settled.member, preamble: null, worker: null };
  const assignment = assignmentOf({ agent, model, type, member });
  const [added] = ledger.add([{ draft: draftOf("x"), assignment }], 1);
  if (added === undefined) throw new Error("nothing was added");
  const held = { tokens: 1, nanoUsd: 1, oversized: false };
  const reserved = ledger.reserve(added.task, { id, worker: "w", agent, model }, held, 2);
  const intent = {
    ...{ attemptId: id, launchId: "l", pane: "{}", previousAttempt: "", textSha256: "0" },
    ...{ sessionId: null, recordPath: null },
  };
  const typed = ledger.typed(ledger.intend(reserved, intent, 3), 4);
  const entry = {
    ...{
      key: id,
      attemptId: attemptOf(typed),
      taskId: typed.id,
      worker: "w",
      agent,
      model,
      limitModel: model,
    },
    ...{ type, atMs: 5, source: settled.source ?? ("actual" as const) },
    usage: { ...NO_USAGE, inputTokens: tokens },
    ...{ bookedTokens: tokens, bookedNanoUsd: nanoUsd ?? tokens, costNanoUsd: nanoUsd, priceTable: "list" },
    ...{ sessionId: null, cliVersion: null, flags: [] },
  };
  ledger.finish(typed, outcomes[outcome], [entry], 6);
}
