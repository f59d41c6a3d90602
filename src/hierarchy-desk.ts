/** The hierarchy as it is asked for: who its agents are, what they did and said, and what the rules find in it. */
import { CtmError } from "./base/errors.ts";
import { redacted } from "./base/redact.ts";
import type { Config } from "./config.ts";
import type { Engine } from "./engine.ts";
import { escalate, type Escalated, type EscalationWish } from "./escalating.ts";
import type { FactBus } from "./events/bus.ts";
import { applyFinding, type FindingActionParts } from "./finding-actions.ts";
import type { FindingBook } from "./finding-book.ts";
import type { Subject } from "./hierarchy/invocation.ts";
import type { KeptWrites } from "./kept-writes.ts";
import type { Ledger } from "./ledger/ledger.ts";
import type { MetricsFiles } from "./metrics-files.ts";
import type { KeptFinding } from "./optimization/rules.ts";
import { hierarchyMetrics } from "./overview/hierarchy.ts";
import { rosterModel } from "./overview/roster.ts";
import { aboutWhom, report, type Reported, type ReportWish } from "./reporting.ts";
import { isCurrent } from "./task-in-hand.ts";
import type { FindingApplied } from "./reports/findings.ts";
import type { HierarchyMetrics, MetricsRebuilt } from "./reports/hierarchy-metrics.ts";
import type { RosterModel } from "./reports/roster.ts";

/** Most findings that are listed. */
const findingsShownMax = 200;

export interface HierarchyDeskParts extends FindingActionParts {
  readonly config: Config;
  readonly ledger: Ledger;
  readonly engine: Engine;
  readonly kept: KeptWrites;
  readonly metricsFiles: MetricsFiles;
  readonly findingBook: FindingBook;
  readonly bus: FactBus;
  /** Gives a waiting task to another member. */
  giveTo(task: number, member: string): void;
  now(): number;
}

export class HierarchyDesk {
  readonly #parts: HierarchyDeskParts;

  constructor(parts: HierarchyDeskParts) {
    this.#parts = parts;
  }

  /** Hands a task up. CtmError `usage` where nobody is there to hand it to, `illegal-move` for a completed one. */
  escalate(id: number, wish: EscalationWish, by: "person" | "agent" = "person"): Escalated {
    const { ledger, engine, bus, giveTo, now } = this.#parts;
    const escalated = escalate(id, wish, {
      roster: this.#parts.config.roster?.roster ?? null,
      task: (task) => ledger.task(task),
      note: (task, level, member, reason) => ledger.escalate(task, level, member, reason, now()),
      retry: (task, cause) => void engine.retry(task, cause),
      hold: (task, reason) => void ledger.setHold(task, reason),
      giveTo,
    });
    const { level, member } = escalated;
    bus.publish({
      kind: "task-escalated",
      atMs: now(),
      taskId: id,
      level,
      member,
      reason: redacted(wish.reason),
      by,
    });
    return escalated;
  }

  /**
   * An agent, by the word it was given, hands up the task it has in hand. CtmError as those of `report` and `escalate`,
   * and `illegal-move` where it has none in hand any more.
   */
  reportEscalation(about: Pick<ReportWish, "key" | "task">, wish: EscalationWish): Escalated {
    const { ledger } = this.#parts;
    const { task, attemptId, source } = aboutWhom(about, ledger);
    if (source === "agent" && !isCurrent(ledger.task(task), attemptId))
      throw new CtmError("illegal-move", `task ${task} is not in hand any more: it was not handed up`);
    return this.escalate(task, wish, source === "agent" ? "agent" : "person");
  }

  /** Figures of an agent, department, tier or the system; `sinceMs` null = of all that was counted. CtmError `not-found`. */
  metrics(subject: Subject, sinceMs: number | null): HierarchyMetrics {
    return hierarchyMetrics(subject, sinceMs, this.#parts.ledger, this.#parts.config.roster?.roster ?? null);
  }

  /** Makes the sums of the hierarchy and every metrics file anew. CtmError `refused` or `io` where none can be written. */
  rebuildMetrics(): MetricsRebuilt {
    const { ledger, kept, metricsFiles } = this.#parts;
    kept.orThrow(() => ledger.rebuildHierarchy());
    return { files: metricsFiles.writeAll(), folder: this.#parts.config.roster?.metricsDir ?? null };
  }

  /** CtmError `usage`, `refused` or `not-found` where it is about nothing. */
  report(wish: ReportWish): Reported {
    const { ledger, kept, metricsFiles, now } = this.#parts;
    const reported = kept.orThrow(() => report(wish, ledger, now()));
    metricsFiles.changed();
    return reported;
  }

  /** What the rules find now, and with `all` the newest that are over. */
  findings(all: boolean): readonly KeptFinding[] {
    const { ledger, kept, findingBook } = this.#parts;
    const standing = kept.orThrow(() => findingBook.look());
    return all ? ledger.findings.newest(findingsShownMax) : standing;
  }

  acknowledgeFinding(id: number): KeptFinding {
    return this.#parts.kept.orThrow(() => this.#parts.findingBook.acknowledge(id));
  }

  /**
   * What a finding says to do, where that is safe; without `yes` it is only shown. Done, it is acknowledged too. CtmError
   * `not-found`, `illegal-move` where it is over, `refused` with why where there is nothing to do by itself.
   */
  applyFinding(id: number, yes: boolean): FindingApplied {
    const { kept, findingBook } = this.#parts;
    kept.orThrow(() => findingBook.look());
    const applied = applyFinding(findingBook.standing(id), yes, this.#parts);
    return yes ? { ...applied, finding: this.acknowledgeFinding(id) } : applied;
  }

  /** The hierarchy as it was read when this process started. */
  roster(): RosterModel {
    return rosterModel(this.#parts.config.roster);
  }
}
