/** The fleet as it was left, found again after a start: workers, what they had in hand, and what they told meanwhile. */
import { adoptableSessions, adoptionRecord } from "./adoption.ts";
import type { Config } from "./config.ts";
import type { Engine } from "./engine.ts";
import { faultPoint } from "./faults/fault-point.ts";
import { trouble, type Foundation } from "./foundation.ts";
import { beginStart, endStart } from "./last-start.ts";
import { attemptOf } from "./ledger/ledger.ts";
import { giveUpDead, recover } from "./recovery.ts";
import type { Workplace } from "./workplace.ts";

/** A start after a crash, step by step: it may be cut off anywhere and begun again. */
const RECOVER = {
  note: faultPoint("recover.note"),
  worker: faultPoint("recover.worker"),
  tasks: faultPoint("recover.tasks"),
  signals: faultPoint("recover.signals"),
  dead: faultPoint("recover.dead"),
  cancel: faultPoint("recover.cancel"),
  revive: faultPoint("recover.revive"),
  judge: faultPoint("recover.judge"),
  fill: faultPoint("recover.fill"),
};

/** Workers of before first, then what was in flight, then signals that waited, then new workers up to the number. */
export async function restoreFleet(
  config: Config,
  base: Foundation,
  workplace: Workplace,
  engine: Engine,
): Promise<void> {
  const { pool } = workplace;
  const dead: string[] = [];
  for (const record of base.ledger.workers.all()) {
    try {
      if (!(await RECOVER.worker.passAsync(() => pool.restore(record)))) dead.push(record.name);
    } catch (error) {
      // Our own tmux must be there; a session a person started may have gone with its server.
      if (!record.adopted) throw error;
      base.ledger.workers.remove(record.name);
      trouble(
        base.bus,
        base.now,
        `${record.name} is let go: its session ${record.session} cannot be reached any more`,
      );
    }
  }
  await workplace.contexts?.restore();
  const { awaitAcceptance } = workplace;
  RECOVER.note.pass(() => beginStart(base.ledger, base.now()));
  const parts = { ledger: base.ledger, engine, pool, awaitAcceptance };
  const report = await RECOVER.tasks.passAsync(() => recover(parts));
  await RECOVER.signals.passAsync(() => workplace.listen());
  await RECOVER.dead.passAsync(() => giveUpDead(pool));
  for (const task of base.ledger.tasks.open()) {
    engine.caps.haltAgain(task);
    if (!base.ledger.attempts.isCancelling(attemptOf(task))) continue;
    await RECOVER.cancel
      .passAsync(() => engine.cancelAgain(task))
      .catch((error: unknown) => trouble(base.bus, base.now, error));
  }
  if (RECOVER.judge.pass(() => endStart(base.ledger, report))) {
    const reason = base.ledger.settings.get("paused");
    base.bus.publish({ kind: "dispatch-changed", atMs: base.now(), auto: false, paused: true, reason });
  }
  for (const name of dead) {
    // One that cannot be started is told, and keeps the others from nothing.
    await RECOVER.revive
      .passAsync(() => pool.revive(name))
      .catch((error: unknown) => trouble(base.bus, base.now, error));
  }
  const own = pool.all().filter((worker) => !worker.record.adopted).length;
  const missing = config.workers.count - own;
  const agent = base.delegation.defaultAgent;
  const wish = { model: base.delegation.launchModel(agent), cwd: config.workers.cwd };
  if (missing > 0) await RECOVER.fill.passAsync(() => pool.spawn(agent, missing, wish));
  engine.resumeParked();
}

/** Takes over all sessions of the person. One that cannot be taken over keeps none of the others from it. */
export async function adoptAll(workplace: Workplace, base: Foundation): Promise<void> {
  for (const session of await adoptableSessions()) {
    try {
      await workplace.pool.adopt(await adoptionRecord(workplace, session, null));
    } catch (error) {
      trouble(base.bus, base.now, error);
    }
  }
}
