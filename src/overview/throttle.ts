/** Assembles what `throttle` shows. */
import type { ExternalNow, ThrottleModel } from "../reports/throttle-model.ts";
import { PRIORITIES, type Priority } from "../tasks/priority.ts";
import type { Task } from "../tasks/task.ts";
import { admits, worstLevel } from "../throttle/levels.ts";
import { eachName } from "../throttle/limits.ts";
import { exactAmount } from "../throttle/wording.ts";
import type { AccountBook } from "../account-book.ts";
import { accountRows, providerWindowRows } from "./account-rows.ts";
import { limitRows } from "./limit-rows.ts";
import { aliasOf, type OverviewSources } from "./sources.ts";

/** `isDeferred` tells whether a limit keeps a waiting task from every worker that could take it now. */
export function throttleModel(
  sources: OverviewSources,
  accounts: AccountBook,
  isDeferred: (task: Task) => boolean,
): ThrottleModel {
  const { throttle, config } = sources;
  const nowMs = sources.now();
  const notices = [...sources.notices()];
  if (config.throttle.pauseAt !== null)
    notices.push(`dispatch pauses at ${config.throttle.pauseAt}: only critical tasks go from there`);
  if (config.throttle.hardStop) notices.push("hard stop: at 100% of a cost limit not even critical tasks go");
  const limits = limitRows(sources);
  for (const { owed, unit, limitId } of limits) {
    if (owed > 0)
      notices.push(
        `${limitId}: running tasks need ${exactAmount(owed, unit)} more than fits; nothing new goes`,
      );
  }
  const windows = providerWindowRows(accountRows(accounts, sources));
  const resets = [throttle.nextChangeMs(nowMs), ...windows.map(({ resetsAtMs }) => resetsAtMs)]
    .filter((atMs) => atMs !== null)
    .filter((atMs) => atMs > nowMs);
  return {
    nowMs,
    limits,
    windows,
    external: externalNow(sources, nowMs),
    nextResetAtMs: resets.length === 0 ? null : Math.min(...resets),
    runs: sources.workers().map((worker) => {
      const subject = { worker: worker.name, agent: worker.record.agent, model: worker.record.model };
      const { account } = worker.record;
      const level = worstLevel(throttle.effectiveLevel(subject, nowMs), accounts.levelOf(account));
      const parked = accounts.parkOf(account) !== null;
      return {
        worker: worker.name,
        alias: aliasOf(worker.name),
        admits: PRIORITIES.filter((priority) => !parked && admits(level, priority)),
      };
    }),
    heldByPriority: heldByPriority(sources, isDeferred),
    notices,
  };
}

function externalNow({ ledger, throttle }: OverviewSources, nowMs: number): ExternalNow[] {
  const hour = new Map(
    ledger.external.sums(nowMs - 3_600_000).map(({ account, tokens }) => [account, tokens]),
  );
  const isLimited = (agent: string): boolean =>
    throttle.limits.some(({ scope }) => scope.kind === "agent" && [agent, eachName].includes(scope.name));
  return ledger.external.sums(nowMs - 24 * 3_600_000).map(({ agent, account, tokens }) => ({
    agent,
    account,
    hourTokens: hour.get(account) ?? 0,
    dayTokens: tokens,
    keptTokens: isLimited(agent) ? throttle.keptForUnseen(agent, nowMs).tokens : 0,
  }));
}

/** Tasks of one priority go in turn: where a limit holds the first of them, it holds those behind it as well. */
function heldByPriority(
  { ledger }: OverviewSources,
  isDeferred: (task: Task) => boolean,
): Record<Priority, number> {
  const waiting = ledger.tasks.waitingByPriority();
  const held = (priority: Priority): number => {
    const first = waiting[priority] === 0 ? null : ledger.tasks.firstWaiting(priority);
    return first !== null && isDeferred(first) ? waiting[priority] : 0;
  };
  return { low: held("low"), normal: held("normal"), high: held("high"), critical: held("critical") };
}
