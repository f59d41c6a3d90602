/** What an event would come to: every trigger and gate asked as for a real one, nothing kept and nobody woken. */
import type { Envelope } from "../activation/envelope.ts";
import { judge, verdictsOf } from "../activation/gates.ts";
import { promptTokens } from "../activation/prompt.ts";
import type { Trigger } from "../activation/trigger.ts";
import type { Wake } from "../activation/wake.ts";
import type { KeptEvent } from "../ledger/event-rows.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { EventTested, TriggerVerdict } from "../reports/events.ts";
import type { Priority } from "../tasks/priority.ts";
import type { Orchestrator } from "./orchestrator.ts";

export interface EventTrialParts {
  readonly ledger: Ledger;
  readonly orchestrator: Orchestrator;
  readonly triggers: readonly Trigger[];
  now(): number;
}

export function triedEvent(event: Envelope, parts: EventTrialParts): EventTested {
  const { ledger, triggers, now } = parts;
  const duplicate = ledger.journal.events.byKey(event.source, `id ${event.id}`, now()) !== null;
  return {
    type: event.type,
    duplicate,
    triggers: triggers.map((trigger) => verdictOf(trigger, event, parts)),
  };
}

function verdictOf(
  trigger: Trigger,
  event: Envelope,
  { ledger, orchestrator, now }: EventTrialParts,
): TriggerVerdict {
  const nowMs = now();
  const judged = judge(trigger, { event, depth: 0 }, nowMs);
  const none = { trigger: trigger.name, gates: [], task: null };
  if (judged.kind === "passed-over") return { ...none, verdict: "passed-over", reason: null };
  if (judged.kind === "ends") return { ...none, verdict: judged.outcome, reason: judged.reason };
  const wake = thoughtOf(trigger, event, judged.lane, judged.target, nowMs);
  const open = ledger.journal.wakes.open().filter((one) => one.trigger === trigger.name);
  const gates = verdictsOf(trigger, open, wake, orchestrator.worldOf(trigger), nowMs).map(
    ({ gate, wait }) => ({
      gate,
      says: wait === null ? null : `waits: ${wait.reason}`,
    }),
  );
  const draft = orchestrator.deliveries.draftFor(wake, trigger, [keptAs(event, nowMs)]);
  const goesTo = draft.worker ?? draft.as ?? draft.agent ?? "anybody fit";
  const task = { goesTo, held: draft.holdReason !== null, tokens: promptTokens(draft.text) };
  return {
    ...{ trigger: trigger.name, verdict: "taken", reason: null, task },
    gates: [...gathers(trigger, wake.priority), ...gates],
  };
}

function gathers(trigger: Trigger, priority: Priority): TriggerVerdict["gates"] {
  const { debounce, batch } = trigger;
  if (priority === "critical") return [];
  return [
    ...(debounce === null
      ? []
      : [
          {
            gate: "debounce" as const,
            says: `waits for ${debounce.periodMs / 1_000} s of quiet, at most ${debounce.maxMs / 1_000} s`,
          },
        ]),
    ...(batch === null
      ? []
      : [
          {
            gate: "batch" as const,
            says: `waits for ${batch.max} events, at most ${batch.timeoutMs / 1_000} s`,
          },
        ]),
  ];
}

function thoughtOf(
  trigger: Trigger,
  event: Envelope,
  lane: string,
  target: string | null,
  nowMs: number,
): Wake {
  return {
    ...{ id: 0, trigger: trigger.name, lane, target, priority: trigger.priority ?? event.priority },
    ...{ foreign: true, depth: 0, state: "ready", events: 1, firstMs: nowMs, lastMs: nowMs, sinceMs: nowMs },
    ...{ gate: null, untilMs: null, reason: null, notBeforeMs: null, attempts: 0 },
    ...{ taskId: null, claimedMs: null, ackedMs: null },
  };
}

function keptAs(event: Envelope, acceptedMs: number): KeptEvent {
  return { seq: 0, event, depth: 0, foreign: true, via: "test", acceptedMs, duplicates: 0 };
}
