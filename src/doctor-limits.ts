/** The doctor's look at the limits: which can bind at all with these workers, and how much work an hour they allow. */
import type { Config } from "./config-shape.ts";
import { dearestNanoUsdPerToken, priceTable } from "./metering/prices.ts";
import type { DoctorCheck } from "./reports/doctor.ts";
import { hourlyCapacity, type LimitReach, limitReaches } from "./throttle/capacity.ts";
import { parseLimitId } from "./throttle/limits.ts";
import { limitAmount, limitName } from "./throttle/wording.ts";

/** A medium task of the usage guide. */
const MEDIUM_TASK_TOKENS = 4_000;

/** One line of the limits that can bind, one a limit that cannot, one of the capacity. */
export function limitsChecks(config: Config): DoctorCheck[] {
  const { limits } = config.throttle;
  const workers = Array.from({ length: config.workers.count }, (_, index) => `concurrent_worker${index + 1}`);
  const dearest = dearestNanoUsdPerToken(priceTable(config.prices.profile, config.prices.overrides));
  const reaches = limitReaches(limits, workers, dearest);
  const many = workers.length === 1 ? "1 worker" : `${workers.length} workers`;
  if (limits.every((limit) => limit.amount === null)) {
    return [
      note("limits", "warn", "none: nothing holds the spending", "Set some: `ctm init`, or `limits set`."),
    ];
  }
  const binding = reaches.filter((reach) => reach.canBind).map(named);
  const canBind = note("limits", "ok", `with ${many} these can bind: ${binding.join(", ") || "none"}`);
  const cannot = reaches
    .filter((reach) => !reach.canBind)
    .map((reach) => note("limits", "ok", `${named(reach)} cannot bind: ${whyNot(reach)}`));
  const zero = limits
    .filter((limit) => limit.amount === 0)
    .map((limit) =>
      note("limits", "warn", `${limitName(limit)} is 0: next to nothing will ever start`, "Raise it."),
    );
  return [canBind, ...cannot, ...zero, ...capacity(config, workers, many)];
}

function capacity(config: Config, workers: readonly string[], many: string): DoctorCheck[] {
  const task = { tokens: MEDIUM_TASK_TOKENS, nanoUsd: 0 };
  const { tasksPerHour } = hourlyCapacity(config.throttle.limits, workers, task);
  if (tasksPerHour === null) return [];
  const size = MEDIUM_TASK_TOKENS.toLocaleString("en-US");
  return [note("capacity", "ok", `${many} can do about ${tasksPerHour} tasks of ${size} tokens an hour`)];
}

function named({ limitId, amount }: LimitReach): string {
  const key = parseLimitId(limitId);
  return `${limitName(key)} ${limitAmount(amount, key.unit)}`;
}

function whyNot({ limitId, reach, boundBy }: LimitReach): string {
  const most = reach === null ? "less" : limitAmount(reach, parseLimitId(limitId).unit);
  return `${boundBy ?? "the others"} let through ${most} at most`;
}

function note(
  name: string,
  verdict: DoctorCheck["verdict"],
  found: string,
  remedy: string | null = null,
): DoctorCheck {
  return { name, verdict, found, remedy };
}
