/** Which limits bind whom: the gauges of every scope that was seen, made from the limits when first needed. */
import type { Calendar } from "./calendar.ts";
import { Gauge } from "./gauge.ts";
import type { Holds } from "./holds.ts";
import { eachName, limitId, scopeId, type Limit, type Scope, type SpendSubject } from "./limits.ts";

const subjectsKeptMax = 10_000;
/** Worker 2 before worker 10, whichever was seen first. */
/** Made when gauges are sorted first. */
let byNumber: Intl.Collator | null = null;

export class Gauges {
  readonly #limits: readonly Limit[];
  readonly #calendar: Calendar;
  readonly #holds: Holds;
  readonly #byScope = new Map<string, readonly Gauge[]>();
  readonly #bySubject = new Map<string, readonly Gauge[]>();

  constructor(limits: readonly Limit[], calendar: Calendar, holds: Holds) {
    this.#limits = latestOfEach(limits);
    this.#calendar = calendar;
    this.#holds = holds;
    this.ofScope({ kind: "global" });
    for (const { scope } of this.#limits) if (nameOf(scope) !== eachName) this.ofScope(scope);
  }

  get limits(): readonly Limit[] {
    return this.#limits;
  }

  /** Every gauge a booking or a request of this subject touches. */
  of(subject: SpendSubject): readonly Gauge[] {
    const key = `${subject.external === true ? "\n" : subject.worker}\n${subject.agent}\n${subject.model ?? "\n"}\n${subject.member ?? ""}`;
    const known = this.#bySubject.get(key);
    if (known !== undefined) return known;
    if (this.#bySubject.size >= subjectsKeptMax) this.#bySubject.clear();
    const gauges = this.#holds.scopesOf(subject).flatMap((scope) => this.ofScope(scope));
    this.#bySubject.set(key, gauges);
    return gauges;
  }

  /** The gauges of one scope, in the order of the limits. */
  ofScope(scope: Scope): readonly Gauge[] {
    const id = scopeId(scope);
    const known = this.#byScope.get(id);
    if (known !== undefined) return known;
    const gauges = this.#bindingLimits(scope).map(
      (limit) => new Gauge(limit, scope, this.#calendar, this.#holds.sumOf(scope)),
    );
    this.#byScope.set(id, gauges);
    return gauges;
  }

  /** Every gauge there is, grouped by scope: global first, then workers, agents, models and budgets by their names. */
  all(): readonly Gauge[] {
    const comparer = (byNumber ??= new Intl.Collator("en", { numeric: true }));
    const order = ["global", "worker", "agent", "model", "system", "tier", "department", "member"];
    const gauges = [...this.#byScope.values()].flat();
    return gauges.sort(
      ({ scope: a }, { scope: b }) =>
        order.indexOf(a.kind) - order.indexOf(b.kind) || comparer.compare(nameOf(a), nameOf(b)),
    );
  }

  /** A limit for one name stands in for the limit for each name of the same unit and window. */
  #bindingLimits(scope: Scope): readonly Limit[] {
    const named = this.#limits.filter((limit) => scopeId(limit.scope) === scopeId(scope));
    const each = this.#limits.filter(
      ({ scope: other }) => other.kind === scope.kind && nameOf(other) === eachName,
    );
    const left = each.filter(
      (limit) => !named.some((one) => one.unit === limit.unit && one.window === limit.window),
    );
    return [...named, ...left];
  }
}

function nameOf(scope: Scope): string {
  return "name" in scope ? scope.name : "";
}

/** Of two limits of one name the later rules: a person's settings come after the defaults. */
function latestOfEach(limits: readonly Limit[]): readonly Limit[] {
  return [...new Map(limits.map((limit) => [limitId(limit), limit])).values()];
}
