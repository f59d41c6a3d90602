/** Where tasks go by their type, what measured success says of it, and what a person adopts of that. */
import { CtmError } from "./base/errors.ts";
import type { Config } from "./config.ts";
import { subjectWords, type AdoptedRoute } from "./delegation/adopted-route.ts";
import type { DelegationDesk } from "./delegation-desk.ts";
import type { FactBus } from "./events/bus.ts";
import type { KeptWrites } from "./kept-writes.ts";
import type { Ledger } from "./ledger/ledger.ts";
import { modelMove, type ModelClass } from "./optimization/model-moves.ts";
import { minForRates } from "./optimization/rules.ts";
import { evidenceWords, type RouteChange, type RouteRow, type RoutesModel } from "./reports/routes.ts";
import { TASK_TYPES, type TaskType } from "./tasks/task.ts";

/** Newest ended attempts that are looked at: what is older is another time, and reading them takes long. */
const attemptsMax = 20_000;

export interface RouteDeskParts {
  readonly config: Config;
  readonly ledger: Ledger;
  readonly delegation: DelegationDesk;
  readonly kept: KeptWrites;
  readonly bus: FactBus;
  now(): number;
}

export class RouteDesk {
  readonly #parts: RouteDeskParts;

  constructor(parts: RouteDeskParts) {
    this.#parts = parts;
  }

  /** Each type with its route, its measured models, and what they say. Nothing is changed. */
  model(): RoutesModel {
    const { config, delegation } = this.#parts;
    const { preferCheap } = config;
    const classes = this.#classes();
    return {
      ...{ attemptsMax, tasksMin: minForRates, preferCheap },
      routes: TASK_TYPES.map((type) => this.#rowOf(type, classes)),
      adopted: delegation.adopted.all,
    };
  }

  /**
   * Sends a type to the model that is suggested for it; without `yes` it is only shown. CtmError `refused` where nothing
   * is suggested for it.
   */
  adopt(type: TaskType, yes: boolean): RouteChange {
    const row = this.#rowOf(type, this.#classes());
    if (row.move === null)
      throw new CtmError(
        "refused",
        `no other model is suggested for ${row.type} tasks: \`routes\` shows what is measured`,
      );
    const route = {
      kind: "type" as const,
      subject: row.type,
      agent: row.agent,
      model: row.move.to.model,
      insteadOf: row.model,
      because: evidenceWords(row.move),
    };
    return this.take(route, yes, `routes adopt ${row.number} --yes`);
  }

  /** Adopts a route, kept at once, or shows with `doIt` what it would change. */
  take(route: Omit<AdoptedRoute, "atMs">, yes: boolean, doIt: string): RouteChange {
    const { kept, delegation, bus, now } = this.#parts;
    const { agent, model, insteadOf, because, subject } = route;
    const told = { whose: subjectWords(route), agent, from: insteadOf, to: model, because };
    if (yes) {
      const atMs = now();
      kept.orThrow(() => delegation.adopted.adopt({ ...route, atMs }));
      bus.publish({ kind: "route-adopted", atMs, ...told });
    }
    return { done: yes, ...told, doIt, undo: `routes drop ${subject}` };
  }

  /** Takes an adopted route back. CtmError `not-found` where none of this name was adopted. */
  drop(subject: string): RouteChange {
    const { kept, delegation, bus, now } = this.#parts;
    const dropped = kept.orThrow(() => delegation.adopted.drop(subject));
    if (dropped === null)
      throw new CtmError(
        "not-found",
        `no route of ${JSON.stringify(subject)} is adopted: \`routes\` lists those that are`,
      );
    const { agent, model } = dropped;
    const type = TASK_TYPES.find((name) => dropped.kind === "type" && name === dropped.subject);
    const to = type === undefined ? dropped.insteadOf : delegation.routeOf(type).model;
    const told = { whose: subjectWords(dropped), agent, from: model, to, because: null };
    bus.publish({ kind: "route-dropped", atMs: now(), ...told });
    return { done: true, ...told, doIt: "", undo: null };
  }

  #classes(): ModelClass[] {
    const { ledger, kept } = this.#parts;
    kept.flush();
    return ledger.outcomes.classes(attemptsMax);
  }

  #rowOf(type: TaskType, classes: readonly ModelClass[]): RouteRow {
    const { config, delegation } = this.#parts;
    const { agent, model } = delegation.routeOf(type);
    const present = { type, agent, model };
    return {
      ...present,
      number: TASK_TYPES.indexOf(type) + 1,
      classes: classes.filter((one) => one.agent === agent && one.type === type),
      move: config.preferCheap ? null : modelMove(present, classes),
    };
  }
}
