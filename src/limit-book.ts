/**
 * The limits as a person changes them: booked in the ledger, laid over the configuration, handed to the throttle.
 * A raise with an end is taken back by one timer, and at the next start if that comes first.
 */
import { parseTokenAmount } from "./base/amounts.ts";
import { CtmError } from "./base/errors.ts";
import { labelMaxChars } from "./base/limits.ts";
import type { Ledger } from "./ledger/ledger.ts";
import { parseUsd } from "./metering/money.ts";
import { limitsInForce, type RaiseInForce } from "./throttle/limit-changes.ts";
import { limitId, parseLimitId, type Limit, type LimitKey } from "./throttle/limits.ts";
import type { Throttle } from "./throttle/throttle.ts";

export interface LimitBookParts {
  readonly configured: readonly Limit[];
  readonly ledger: Ledger;
  readonly throttle: Throttle;
  now(): number;
  /** Limits changed: waiting tasks may go now. */
  changed(limitId: string | null, reason: string | null): void;
}

export class LimitBook {
  readonly #parts: LimitBookParts;
  #raises: readonly RaiseInForce[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(parts: LimitBookParts) {
    this.#parts = parts;
    this.#apply();
  }

  get raises(): readonly RaiseInForce[] {
    return this.#raises;
  }

  /** Sets a limit for good. amount null = none. Returns the limit's name. CtmError `usage` for bad words. */
  set(id: string, amount: string | null): string {
    const key = parseLimitId(id);
    return this.#book(key, amount === null ? null : parseAmount(key, amount), null, null);
  }

  /** Lifts a limit until a moment, with the reason for the book. CtmError `usage` when it would not be a raise. */
  raise(id: string, amount: string, untilMs: number, reason: string): string {
    const key = parseLimitId(id);
    const wanted = parseAmount(key, amount);
    if (untilMs <= this.#parts.now()) throw new CtmError("usage", "a raise needs an end that lies ahead");
    if (reason.trim() === "" || [...reason].length > labelMaxChars) {
      throw new CtmError("usage", `a raise needs a reason of 1 to ${labelMaxChars} characters`);
    }
    const standing = this.#parts.throttle.limits.find((limit) => limitId(limit) === limitId(key));
    if (standing?.amount == null) throw new CtmError("usage", `there is no limit ${limitId(key)} to raise`);
    if (wanted <= standing.amount)
      throw new CtmError("usage", `${amount} is not above what ${limitId(key)} allows now`);
    return this.#book(key, wanted, untilMs, reason);
  }

  #book(key: LimitKey, amount: number | null, untilMs: number | null, reason: string | null): string {
    const { ledger, now, changed } = this.#parts;
    const id = limitId(key);
    ledger.settings.addLimitChange({ atMs: now(), limitId: id, amount, untilMs, reason });
    this.#apply();
    changed(id, reason);
    return id;
  }

  #apply(): void {
    const { configured, ledger, throttle, now } = this.#parts;
    const inForce = limitsInForce(configured, ledger.settings.limitChanges(), now());
    throttle.setLimits(inForce.limits);
    this.#raises = inForce.raises;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (inForce.nextEndMs === null) return;
    const delayMs = Math.min(Math.max(inForce.nextEndMs - now(), 1), 24 * 3_600_000);
    this.#timer = setTimeout(() => {
      this.#apply();
      this.#parts.changed(null, null);
    }, delayMs);
    this.#timer.unref();
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}

function parseAmount(key: LimitKey, text: string): number {
  if (key.unit === "cost") return parseUsd(text);
  const tokens = parseTokenAmount(text);
  if (tokens === null)
    throw new CtmError(
      "usage",
      `${JSON.stringify(text.slice(0, 40))} is no number of tokens: write 500000, 500K or 5M`,
    );
  return tokens;
}
