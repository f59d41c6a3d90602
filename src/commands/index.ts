/** The one table of commands. The prompt, argv, the socket, help, completion and the README's list come from it. */
import { accounts, accountsFree, accountsReserve } from "./accounts.ts";
import { add } from "./add.ts";
import { adopt } from "./adopt.ts";
import { alerts, alertsAck, alertsMute, alertsRetry, alertsTest } from "./alerts.ts";
import { attach } from "./attach.ts";
import { auto } from "./auto.ts";
import { backup } from "./backup.ts";
import { batch } from "./batch.ts";
import { cancel } from "./cancel.ts";
import { cap } from "./cap.ts";
import { clear } from "./clear.ts";
import type { Command } from "./command.ts";
import { dashboard } from "./dashboard.ts";
import { dashboardExport } from "./dashboard-export.ts";
import { coordinate, workersRole } from "./coordinate.ts";
import { dispatchAdd, dispatchEnd, dispatchShow, dispatchStart } from "./dispatch.ts";
import { dispatches, dispatchesImport } from "./dispatches.ts";
import { distribute } from "./distribute.ts";
import { doctor } from "./doctor.ts";
import { drain } from "./drain.ts";
import { fleet } from "./fleet.ts";
import { focus } from "./focus.ts";
import { findings, findingsAck } from "./findings.ts";
import { findingsApply } from "./findings-apply.ts";
import {
  eventsDlq,
  eventsList,
  eventsMetrics,
  eventsReplay,
  eventsSend,
  eventsShow,
  eventsSimulate,
  eventsWhy,
  sendMessage,
} from "./events.ts";
import { findIn } from "./find.ts";
import { edit } from "./edit.ts";
import { estimate, estimateAccuracy } from "./estimate.ts";
import { escalate } from "./escalate.ts";
import { exit } from "./exit.ts";
import { helpFor } from "./help.ts";
import { hold } from "./hold.ts";
import { init } from "./init.ts";
import { kill } from "./kill.ts";
import { limits, limitsRaise, limitsSet } from "./limits.ts";
import {
  metricsAgent,
  metricsDepartment,
  metricsRebuild,
  metricsSystem,
  metricsTier,
} from "./hierarchy-metrics.ts";
import { mcp } from "./mcp.ts";
import { metrics } from "./metrics.ts";
import { output } from "./output.ts";
import { pause, resume } from "./pause.ts";
import { pricesShow, pricesUpdate } from "./prices.ts";
import { plan } from "./plan.ts";
import { priority } from "./priority.ts";
import { recap } from "./recap.ts";
import { release } from "./release.ts";
import { roster, rosterImport, rosterInit, rosterJsonSchema } from "./roster.ts";
import { reportScenario } from "./report-scenario.ts";
import { reportMonthly, reportSchedule, reportWeekly } from "./period-reports.ts";
import { report } from "./report.ts";
import { reportEscalation } from "./report-escalation.ts";
import { reprice } from "./reprice.ts";
import { restart } from "./restart.ts";
import { restore } from "./restore.ts";
import { retry } from "./retry.ts";
import { route } from "./route.ts";
import { routes, routesAdopt, routesDrop } from "./routes.ts";
import { answer, send } from "./send.ts";
import { serve } from "./serve.ts";
import { show } from "./show.ts";
import { spawn } from "./spawn.ts";
import { status } from "./status.ts";
import { subtask } from "./subtask.ts";
import { survivors } from "./survivors.ts";
import { tally } from "./tally.ts";
import { tasks } from "./tasks.ts";
import { throttle } from "./throttle.ts";
import { triggersJsonSchema, triggersList, triggersPause, triggersResume, triggersTest } from "./triggers.ts";
import { usage } from "./usage.ts";
import { usageTasks } from "./usage-tasks.ts";
import { wait } from "./wait.ts";
import { watch } from "./watch.ts";
import { why } from "./why.ts";
import { workers } from "./workers.ts";

const help = helpFor(allCommands);

/** In the order of `help`. */
export function allCommands(): readonly Command[] {
  return [
    ...[add, batch, tasks, show, edit, priority, hold, release, cap, cancel, retry, wait, clear, subtask],
    ...[auto, distribute, pause, resume],
    ...[dispatchStart, dispatchAdd, dispatchShow, dispatchEnd, dispatches, dispatchesImport],
    ...[
      status,
      fleet,
      metrics,
      usage,
      usageTasks,
      throttle,
      plan,
      why,
      route,
      estimate,
      estimateAccuracy,
      tally,
      recap,
      watch,
    ],
    ...[alerts, alertsTest, alertsAck, alertsMute, alertsRetry],
    ...[workers, spawn, attach, output, send, answer, restart, drain, kill, survivors, adopt],
    ...[workersRole, coordinate],
    ...[limits, limitsSet, limitsRaise, focus, accounts, accountsFree, accountsReserve],
    ...[pricesShow, pricesUpdate, reprice],
    ...[roster, rosterInit, rosterImport, rosterJsonSchema, escalate, report, reportEscalation],
    ...[reportWeekly, reportMonthly, reportSchedule, reportScenario],
    ...[findings, findingsAck, findingsApply, routes, routesAdopt, routesDrop],
    ...[metricsAgent, metricsDepartment, metricsTier, metricsSystem, metricsRebuild],
    ...[eventsList, eventsShow, eventsWhy, eventsSend, sendMessage, eventsReplay, eventsDlq],
    ...[eventsMetrics, eventsSimulate],
    ...[triggersList, triggersPause, triggersResume, triggersTest, triggersJsonSchema],
    ...[serve, mcp, dashboard, dashboardExport, doctor, backup, restore, init, help, exit],
  ];
}

/** The command of this name or alias (`limits set` has two words), or null. */
export function findCommand(name: string): Command | null {
  return findIn(allCommands(), name);
}
