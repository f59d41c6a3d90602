/** What the rules find in the figures of the hierarchy: looked for after tasks have ended, told once, kept until it is over. */
import { CtmError } from "./base/errors.ts";
import type { Config } from "./config-shape.ts";
import { attemptOf, type Ledger } from "./ledger/ledger.ts";
import { monthBudgetNanoUsd } from "./month-budget.ts";
import {
  findingKey,
  findingsOf,
  type BudgetStand,
  type Finding,
  type KeptFinding,
  type LongTask,
} from "./optimization/rules.ts";
import { contextBudget } from "./roster/context-budget.ts";
import { BUDGET_WINDOWS, memberOf, type BudgetWindow, type Roster } from "./roster/roster.ts";
import { calendarBounds } from "./throttle/windows.ts";

/** The rules are gone through at most so often by themselves. */
const pauseMs = 30_000;

export interface FindingBookParts {
  readonly config: Config;
  readonly ledger: Ledger;
  now(): number;
  /** Does it, or leaves it while the disk takes no writes. */
  attempt(act: () => unknown): void;
  /** Hears of what was not found before. */
  opened(finding: Finding): void;
  /** Hears of what is over. */
  resolved(finding: Finding): void;
  trouble(error: unknown): void;
}

export class FindingBook {
  readonly #parts: FindingBookParts;
  #timer: NodeJS.Timeout | null = null;

  constructor(parts: FindingBookParts) {
    this.#parts = parts;
  }

  /** Figures may have changed: the rules are gone through soon. */
  changed(): void {
    if (this.#parts.config.roster === null || this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      try {
        this.#parts.attempt(() => this.look());
      } catch (error) {
        this.#parts.trouble(error);
      }
    }, pauseMs);
    this.#timer.unref();
  }

  /** Goes through the rules now. What stands, by rule and subject. */
  look(): KeptFinding[] {
    const { config, ledger, now, opened, resolved } = this.#parts;
    const roster = config.roster?.roster ?? null;
    if (roster === null) return ledger.findings.standing();
    const standing = ledger.findings.standing();
    const found = findingsOf(
      {
        sums: (subject) => ledger.hierarchy.sums(subject),
        roster,
        budgets: this.#budgets(roster, now()),
        longTasks: this.#longTasks(roster),
      },
      new Set(standing.map(findingKey)),
    );
    ledger.saveFindings(found, now());
    const known = new Set(standing.map(findingKey));
    for (const finding of found) if (!known.has(findingKey(finding))) opened(finding);
    const stands = new Set(found.map(findingKey));
    for (const finding of standing) if (!stands.has(findingKey(finding))) resolved(finding);
    return ledger.findings.standing();
  }

  /** A person has seen it: it is no longer shown as open. CtmError as of `standing`. */
  acknowledge(id: number): KeptFinding {
    const finding = this.standing(id);
    this.#parts.ledger.acknowledgeFinding(id);
    return this.#parts.ledger.findings.byId(id) ?? finding;
  }

  /** One that is not over. CtmError `not-found`, or `illegal-move` where it is. */
  standing(id: number): KeptFinding {
    const finding = this.#parts.ledger.findings.byId(id);
    if (finding === null) throw new CtmError("not-found", `there is no finding ${id}`);
    if (finding.state === "resolved") throw new CtmError("illegal-move", `finding ${id} is over already`);
    return finding;
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #budgets(roster: Roster, nowMs: number): BudgetStand[] {
    const { ledger, config } = this.#parts;
    const ofDepartments = roster.departments.flatMap(({ id, budget }) =>
      this.#stands(budget.nanoUsd, nowMs, (fromMs) => ledger.hierarchy.departmentCost(id, fromMs)).map(
        (stand): BudgetStand => ({ department: id, ...stand }),
      ),
    );
    const month = monthBudgetNanoUsd(roster, config.throttle.limits);
    const amounts = { ...roster.budget.nanoUsd, month };
    const spent = (fromMs: number): number =>
      ledger.spend
        .spentBetween(fromMs, nowMs + 1)
        .reduce((sum, { simulated, nano }) => sum + (simulated === 1 ? 0 : nano), 0);
    const all = this.#stands(amounts, nowMs, spent).map(
      (stand): BudgetStand => ({ department: null, ...stand }),
    );
    return [...ofDepartments, ...all];
  }

  #stands(
    amounts: Readonly<Record<BudgetWindow, number | null>>,
    nowMs: number,
    spentSince: (fromMs: number) => number,
  ): Omit<BudgetStand, "department">[] {
    const { timeZone } = this.#parts.config.throttle;
    return BUDGET_WINDOWS.flatMap((window) => {
      const budgetNanoUsd = amounts[window];
      if (budgetNanoUsd === null) return [];
      const spentNanoUsd = spentSince(calendarBounds(window, timeZone, nowMs).startMs);
      return [{ window, spentNanoUsd, budgetNanoUsd }];
    });
  }

  #longTasks(roster: Roster): LongTask[] {
    const { ledger } = this.#parts;
    return ledger.tasks.open().flatMap((task): LongTask[] => {
      const id = task.assignment.member?.id;
      const member = id === undefined ? null : memberOf(roster, id);
      if (member === null) return [];
      const { outputTokens } = ledger.spend.usageOfAttempt(attemptOf(task));
      const { retainedTokens } = contextBudget(roster, member);
      return [{ taskId: task.id, member: member.id, outputTokens, retainedTokens }];
    });
  }
}
