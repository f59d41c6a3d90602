/** What happened, told after it was written. A fact reports; nothing is decided by listening to one. */
import type { ParkCause } from "../throttle/account-parking.ts";
import type { EscalationLevel } from "../roster/escalation.ts";
import type { Level } from "../throttle/levels.ts";
import type { TaskStateName } from "../tasks/task.ts";

export type Fact =
  | { readonly kind: "task-added"; readonly atMs: number; readonly taskId: number; readonly text: string }
  | {
      readonly kind: "task-moved";
      readonly atMs: number;
      readonly taskId: number;
      readonly from: TaskStateName;
      readonly to: TaskStateName;
      readonly worker: string | null;
      readonly reason: string | null;
    }
  | {
      readonly kind: "task-deferred";
      readonly atMs: number;
      readonly taskId: number;
      readonly reason: string;
      readonly untilMs: number | null;
    }
  | {
      readonly kind: "usage-booked";
      readonly atMs: number;
      readonly taskId: number | null;
      readonly worker: string;
      readonly tokens: number;
      readonly source: "actual" | "simulated" | "estimated" | "unknown";
    }
  | {
      readonly kind: "worker-changed";
      readonly atMs: number;
      readonly worker: string;
      readonly state: string;
      readonly because: string;
    }
  | {
      readonly kind: "worker-asks";
      readonly atMs: number;
      readonly worker: string;
      readonly question: string;
    }
  /** It reached its cap, is stopped and waits. `message`: what a person may say to that. */
  | {
      readonly kind: "task-at-cap";
      readonly atMs: number;
      readonly taskId: number;
      readonly worker: string;
      readonly message: string;
    }
  | {
      readonly kind: "account-parked";
      readonly atMs: number;
      readonly account: string;
      readonly cause: ParkCause;
      readonly message: string;
      /** null = until a person says that it is free. */
      readonly untilMs: number | null;
    }
  | { readonly kind: "account-freed"; readonly atMs: number; readonly account: string }
  | {
      readonly kind: "level-changed";
      readonly atMs: number;
      readonly limitId: string;
      readonly from: Level;
      readonly to: Level;
    }
  | {
      readonly kind: "dispatch-changed";
      readonly atMs: number;
      readonly auto: boolean;
      readonly paused: boolean;
      readonly reason: string | null;
    }
  /** A share of the limits is kept for the person, in percent; null = none any more. */
  | {
      readonly kind: "focus-changed";
      readonly atMs: number;
      readonly percent: number | null;
      readonly untilMs: number | null;
    }
  | {
      readonly kind: "limit-set";
      readonly atMs: number;
      readonly limitId: string;
      readonly reason: string | null;
    }
  /** A person adopted a route, or took one back. `whose`: `coding tasks`. A model of null is the agent's own default. */
  | {
      readonly kind: "route-adopted" | "route-dropped";
      readonly atMs: number;
      readonly whose: string;
      readonly agent: string;
      readonly from: string | null;
      readonly to: string | null;
      /** One sentence with the figures it was adopted for; null = it was dropped. */
      readonly because: string | null;
    }
  /** `fault`: why nothing is dispatched, in one sentence; null: the storage is sound again. `ends`: until a new start. */
  | {
      readonly kind: "storage-changed";
      readonly atMs: number;
      readonly fault: string | null;
      readonly ends: boolean;
    }
  | {
      readonly kind: "finding-opened";
      readonly atMs: number;
      readonly rule: string;
      readonly subject: string;
      readonly evidence: string;
    }
  | {
      readonly kind: "report-made";
      readonly atMs: number;
      readonly report: "weekly" | "monthly";
      readonly period: string;
      readonly file: string;
    }
  | {
      readonly kind: "finding-resolved";
      readonly atMs: number;
      readonly rule: string;
      readonly subject: string;
    }
  /** The terminal's turn to alert the person who sits at it. */
  | {
      readonly kind: "alert";
      readonly atMs: number;
      readonly severity: string;
      readonly title: string;
      readonly text: string;
    }
  /** It was handed up. `member`: to whom of the roster; null = to nobody of it. */
  | {
      readonly kind: "task-escalated";
      readonly atMs: number;
      readonly taskId: number;
      readonly level: EscalationLevel;
      readonly member: string | null;
      readonly reason: string;
      /** Who did: a budget that it is over, the agent that had it in hand, or a person. */
      readonly by: "budget" | "agent" | "person";
    }
  /** A conversation came near its context budget or over it, or that is over. `told`: who of the roster is notified. */
  | {
      readonly kind: "context";
      readonly atMs: number;
      /** `below`: what was only warned of is over. */
      readonly event: "near" | "full" | "compacted" | "renewed" | "below";
      readonly worker: string;
      readonly member: string;
      readonly name: string;
      readonly taskId: number;
      readonly tokens: number;
      readonly maxTokens: number;
      readonly told: string | null;
    }
  /** A wake of a trigger waits, goes on, or has ended. */
  | {
      readonly kind: "wake-moved";
      readonly atMs: number;
      readonly wakeId: number;
      readonly trigger: string;
      readonly state: string;
      readonly taskId: number | null;
      readonly reason: string | null;
    }
  | { readonly kind: "trouble"; readonly atMs: number; readonly message: string };
