/** Assembles what `throttle` shows. */
import type { ThrottleModel } from "../reports/throttle-model.ts";
import { PRIORITIES } from "../tasks/priority.ts";
import { admits } from "../throttle/levels.ts";
import { limitRows } from "./limit-rows.ts";
import { aliasOf, type OverviewSources } from "./sources.ts";

export function throttleModel(sources: OverviewSources): ThrottleModel {
  const { throttle, ledger, config } = sources;
  const nowMs = sources.now();
  const notices = [...sources.notices()];
  if (config.throttle.pauseAt !== null)
    notices.push(`dispatch pauses at ${config.throttle.pauseAt}: only critical tasks go from there`);
  if (config.throttle.hardStop) notices.push("hard stop: at 100% of a cost limit not even critical tasks go");
  return {
    nowMs,
    limits: limitRows(sources),
    nextResetAtMs: throttle.nextChangeMs(nowMs),
    runs: sources.workers().map((worker) => {
      const subject = { worker: worker.name, agent: worker.record.agent, model: worker.record.model };
      const level = throttle.effectiveLevel(subject, nowMs);
      return {
        worker: worker.name,
        alias: aliasOf(worker.name),
        admits: PRIORITIES.filter((priority) => admits(level, priority)),
      };
    }),
    heldByPriority: { ...ledger.tasks.waitingByPriority() },
    notices,
  };
}
