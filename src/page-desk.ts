/** What pages ask beyond the tables: long lists a page at a time, the story of one task, what was spent over time. */
import type { Config } from "./config.ts";
import type { TaskPageQuery } from "./ledger/task-rows.ts";
import type { Ledger } from "./ledger/ledger.ts";
import { costTrend } from "./overview/cost-trend.ts";
import type { OverviewSources } from "./overview/sources.ts";
import type { CostTrend, TrendStep } from "./reports/cost-trend.ts";
import { fleetModel, type FleetModel } from "./reports/fleet.ts";
import type { TaskPage, TaskStory } from "./reports/task-pages.ts";
import type { TaskDetails } from "./reports/task-details.ts";
import type { StatusModel } from "./reports/status-model.ts";

export interface PageDeskParts {
  readonly config: Config;
  readonly ledger: Ledger;
  views(): OverviewSources;
  now(): number;
  status(): StatusModel;
  details(task: number): TaskDetails;
}

export class PageDesk {
  readonly #parts: PageDeskParts;

  constructor(parts: PageDeskParts) {
    this.#parts = parts;
  }

  tasks(query: TaskPageQuery): TaskPage {
    // What is known and not written yet is written first.
    const { ledger } = this.#parts.views();
    const tasks = ledger.tasks.page(query);
    return {
      tasks,
      before: tasks.length < query.limit ? null : (tasks.at(-1)?.id ?? null),
      counts: Object.fromEntries(ledger.tasks.counts()),
    };
  }

  /** CtmError `not-found`. */
  story(id: number): TaskStory {
    return { ...this.#parts.details(id), moves: this.#parts.ledger.moves(id) };
  }

  fleet(): FleetModel {
    return fleetModel(this.#parts.status());
  }

  costTrend(step: TrendStep): CostTrend {
    const { config, ledger, now } = this.#parts;
    return costTrend(step, config.throttle.timeZone, now(), ledger);
  }
}
