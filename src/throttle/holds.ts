/**
 * What open attempts may still use: for each, what was reserved less what it has used so far, never below zero.
 * A hold ends by settlement or release, never by a timer.
 */
import { CtmError } from "../base/errors.ts";
import type { Extension } from "./extension.ts";
import { scopeId, type MemberGroups, type Scope, type Spend, type SpendSubject } from "./limits.ts";

/** Room taken for one attempt before it starts. */
export interface Reservation {
  readonly attemptId: string;
  readonly subject: SpendSubject;
  readonly spend: Spend;
  /** What it needs beyond that and did not fit. Left out = nothing. */
  readonly owed?: Spend;
  /** It asked for more than a whole window allows, and holds what was left. */
  readonly oversized: boolean;
  readonly sinceMs: number;
  /** A rehearsal's: weighs only where the policy counts simulated usage. Left out = false. */
  readonly simulated?: boolean;
}

/** Sums of one scope, kept up to date in place. */
export interface HeldSum {
  tokens: number;
  nanoUsd: number;
  /** What running tasks need beyond what they hold, because it did not fit. */
  owedTokens: number;
  owedNanoUsd: number;
  /** Open attempts that reserved anything, those included that have used up what they reserved. */
  attempts: number;
}

interface Hold {
  readonly subject: SpendSubject;
  readonly sums: readonly HeldSum[];
  reserved: Spend;
  used: Spend;
  owed: Spend;
}

/** Where an agent of the roster stands; null = the roster does not know it. */
export type GroupsOf = (member: string) => MemberGroups | null;

const NOTHING: Spend = Object.freeze({ tokens: 0, nanoUsd: 0 });

export class Holds {
  readonly #holds = new Map<string, Hold>();
  readonly #sums = new Map<string, HeldSum>();
  readonly #groupsOf: GroupsOf;

  constructor(groupsOf: GroupsOf = () => null) {
    this.#groupsOf = groupsOf;
  }

  /** `weighs` false: it is known, but holds nothing. CtmError `illegal-move` when the attempt holds already. */
  open(reservation: Reservation, weighs: boolean): void {
    const { attemptId, subject, spend, owed = NOTHING } = reservation;
    if (this.#holds.has(attemptId)) {
      throw new CtmError("illegal-move", `attempt ${attemptId} has a reservation already`);
    }
    const sums = weighs ? this.scopesOf(subject).map((scope) => this.sumOf(scope)) : [];
    const hold: Hold = { subject, sums, reserved: NOTHING, used: NOTHING, owed: NOTHING };
    this.#holds.set(attemptId, hold);
    change(hold, { reserved: spend, owed });
  }

  /** Replaces what an attempt has reserved and is owed. CtmError `illegal-move` when it holds nothing. */
  extend(attemptId: string, { reserved, owed }: Extension): void {
    change(this.#openHold(attemptId), { reserved, owed });
  }

  /** Usage of an attempt: its hold shrinks by as much, down to zero. An attempt without a hold changes nothing. */
  use(attemptId: string, spend: Spend): void {
    const hold = this.#holds.get(attemptId);
    if (hold !== undefined) change(hold, { used: sum(hold.used, spend) });
  }

  /** Ends a hold and returns what was left of it. CtmError `illegal-move` when the attempt holds nothing. */
  close(attemptId: string): Spend {
    const hold = this.#openHold(attemptId);
    const left = restOf(hold);
    change(hold, { reserved: NOTHING, owed: NOTHING });
    this.#holds.delete(attemptId);
    return left;
  }

  /** What an attempt still holds; zero when it has no reservation, or one that does not weigh. */
  heldBy(attemptId: string): Spend {
    const hold = this.#holds.get(attemptId);
    return hold === undefined ? NOTHING : restOf(hold);
  }

  /** Whose reservation this is, how far it is used, and what it is owed beyond it. CtmError `illegal-move` when the attempt holds nothing. */
  standingOf(attemptId: string): {
    readonly subject: SpendSubject;
    readonly reserved: Spend;
    readonly used: Spend;
    readonly owed: Spend;
  } {
    const { subject, reserved, used, owed } = this.#openHold(attemptId);
    return { subject, reserved, used, owed };
  }

  /** The living sums of one scope. */
  sumOf(scope: Scope): HeldSum {
    const id = scopeId(scope);
    const known = this.#sums.get(id);
    if (known !== undefined) return known;
    const fresh = { tokens: 0, nanoUsd: 0, owedTokens: 0, owedNanoUsd: 0, attempts: 0 };
    this.#sums.set(id, fresh);
    return fresh;
  }

  /**
   * The scopes one subject spends in: all of us, its worker, its agent, its model, and its agent of the roster with each
   * of that one's departments; a person in the agent's alone.
   */
  scopesOf({ worker, agent, model, member = null, external }: SpendSubject): readonly Scope[] {
    if (external === true) return [{ kind: "agent", name: agent }];
    const groups = member === null ? null : this.#groupsOf(member);
    return [
      { kind: "global" },
      { kind: "system" },
      { kind: "worker", name: worker },
      { kind: "agent", name: agent },
      ...(model === null ? [] : [{ kind: "model", name: model } as const]),
      ...(member === null ? [] : [{ kind: "member", name: member } as const]),
      ...(groups === null ? [] : [{ kind: "tier", name: groups.tier } as const]),
      ...(groups?.departments ?? []).map((name) => ({ kind: "department", name }) as const),
    ];
  }

  #openHold(attemptId: string): Hold {
    const hold = this.#holds.get(attemptId);
    if (hold === undefined) {
      throw new CtmError(
        "illegal-move",
        `attempt ${attemptId} has no open reservation: it was settled before, or never made`,
      );
    }
    return hold;
  }
}

/** Changes a hold and carries the difference of its rest into the sums. */
function change(hold: Hold, to: Partial<Pick<Hold, "reserved" | "used" | "owed">>): void {
  const before = restOf(hold);
  const owedBefore = hold.owed;
  const reservedBefore = reservesAnything(hold);
  hold.reserved = to.reserved ?? hold.reserved;
  hold.used = to.used ?? hold.used;
  hold.owed = to.owed ?? hold.owed;
  const after = restOf(hold);
  for (const total of hold.sums) {
    total.tokens += after.tokens - before.tokens;
    total.nanoUsd += after.nanoUsd - before.nanoUsd;
    total.owedTokens += hold.owed.tokens - owedBefore.tokens;
    total.owedNanoUsd += hold.owed.nanoUsd - owedBefore.nanoUsd;
    total.attempts += Number(reservesAnything(hold)) - Number(reservedBefore);
  }
}

function reservesAnything({ reserved }: Hold): boolean {
  return reserved.tokens > 0 || reserved.nanoUsd > 0;
}

function restOf(hold: Hold): Spend {
  if (hold.sums.length === 0) return NOTHING;
  return {
    tokens: Math.max(0, hold.reserved.tokens - hold.used.tokens),
    nanoUsd: Math.max(0, hold.reserved.nanoUsd - hold.used.nanoUsd),
  };
}

function sum(a: Spend, b: Spend): Spend {
  return { tokens: a.tokens + b.tokens, nanoUsd: a.nanoUsd + b.nanoUsd };
}
