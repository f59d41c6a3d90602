/**
 * An App in memory for tests of the faces: a queue, two workers that exist only in words, and facts. A task runs as
 * its text says: `hang …` goes on until cancelled, `ask …` waits for an answer, `break …` fails, all else completes.
 */
import type { App, DispatchState, Submission } from "../../src/app.ts";
import { CtmError } from "../../src/base/errors.ts";
import { pathsIn, type Config } from "../../src/config.ts";
import type { Fact } from "../../src/events/facts.ts";
import { figureOf } from "../../src/reports/figure.ts";
import type { RecapModel } from "../../src/reports/recap.ts";
import type { StatusModel } from "../../src/reports/status-model.ts";
import type { WorkerRow } from "../../src/reports/workers-table.ts";
import { isFinal, type Task, type TaskDraft, type TaskState } from "../../src/tasks/task.ts";

const AT_MS = Date.parse("2026-02-13T10:42:07Z");

export interface FakeApp extends App {
  publish(fact: Fact): void;
  /** What was asked of workers, in order: `send concurrent_worker1 hello`. */
  readonly asked: string[];
}

export function fakeApp(stateDir = "/nowhere", role: App["role"] = "manager"): FakeApp {
  const tasks: Task[] = [];
  const listeners = new Set<(fact: Fact) => void>();
  const asked: string[] = [];
  let dispatch: DispatchState = { auto: false, paused: false, pauseReason: null };
  const publish = (fact: Fact): void => listeners.forEach((listener) => listener(fact));

  const find = (id: number): Task => {
    const task = tasks[id - 1];
    if (task === undefined) throw new CtmError("not-found", `there is no task ${id}`);
    return task;
  };
  const change = (id: number, changed: Partial<Task>): Task => {
    const task = { ...find(id), ...changed };
    const from = find(id).state.name;
    tasks[id - 1] = task;
    const { name } = task.state;
    const worker = "worker" in task.state ? task.state.worker : null;
    if (from !== name)
      publish({ kind: "task-moved", atMs: AT_MS, taskId: id, from, to: name, worker, reason: null });
    return task;
  };
  const endOf = (task: Task): TaskState | null => {
    const ended = { attemptId: `a${task.id}`, endedAtMs: AT_MS };
    if (task.draft.text.startsWith("hang")) return null;
    if (task.draft.text.startsWith("break"))
      return { name: "failed", ...ended, reason: "it broke", exitCode: 1 };
    return { name: "completed", ...ended, exitCode: 0 };
  };
  const begin = (task: Task): void => {
    const worker = `concurrent_worker${(task.id % 2) + 1}`;
    change(task.id, {
      state: { name: "running", attemptId: `a${task.id}`, worker, startedAtMs: AT_MS },
      attempts: 1,
    });
    if (task.draft.text.startsWith("ask")) {
      const question = "Do you want to proceed?";
      change(task.id, {
        state: { name: "needs-input", attemptId: `a${task.id}`, worker, question, sinceMs: AT_MS },
      });
      return publish({ kind: "worker-asks", atMs: AT_MS, worker, question });
    }
    const end = endOf(task);
    if (end !== null) setImmediate(() => change(task.id, { state: end }));
  };
  const pass = (): number => {
    const ready = tasks.filter(({ state }) => state.name === "queued" && state.holdReason === null);
    ready.forEach(begin);
    return ready.length;
  };
  const setDispatch = (changed: Partial<DispatchState>): DispatchState => {
    dispatch = { ...dispatch, ...changed };
    publish({
      kind: "dispatch-changed",
      atMs: AT_MS,
      auto: dispatch.auto,
      paused: dispatch.paused,
      reason: null,
    });
    if (dispatch.auto) pass();
    return dispatch;
  };
  const ask = (what: string, worker: string): void => {
    if (!workers.some(({ name }) => name === worker))
      throw new CtmError("not-found", `there is no worker ${worker}`);
    asked.push(what);
  };
  const submit = (draft: TaskDraft): Submission => {
    const known = tasks.find((task) => draft.key !== null && task.draft.key === draft.key);
    if (known !== undefined) return { task: known, created: false, waitsFor: null, like: null };
    const state: TaskState = { name: "queued", holdReason: draft.holdReason, notBeforeMs: null };
    const task: Task = { id: tasks.length + 1, draft, assignment, state, attempts: 0, createdAtMs: AT_MS };
    tasks.push(task);
    publish({ kind: "task-added", atMs: AT_MS, taskId: task.id, text: draft.text });
    if (dispatch.auto) pass();
    return { task, created: true, waitsFor: null, like: null };
  };
  const workers = [1, 2].map(workerRow);

  return {
    config: { paths: pathsIn(stateDir, {}), throttle: { timeZone: "UTC" } } as Config,
    role,
    asked,
    publish,
    submit,
    submitMany: (drafts) => drafts.map(submit),
    tasks: ({ states, limit, containing }) =>
      tasks
        .filter(({ state }) => states === null || states.includes(state.name))
        .filter(({ draft }) => containing === null || draft.text.includes(containing))
        .slice(0, limit),
    task: find,
    taskDetails: (id) => ({ task: find(id), attempts: [], waitsFor: null, reported: [], escalations: [] }),
    cancel: async (id) => change(id, { state: { name: "cancelled", attemptId: null, endedAtMs: AT_MS } }),
    retry: (id) => change(id, { state: { name: "queued", holdReason: null, notBeforeMs: null } }),
    setPriority: (id, priority) => change(id, { draft: { ...find(id).draft, priority } }),
    edit: (id, text) => change(id, { draft: { ...find(id).draft, text } }),
    hold: (id, holdReason) => change(id, { state: { name: "queued", holdReason, notBeforeMs: null } }),
    release: (id) => change(id, { state: { name: "queued", holdReason: null, notBeforeMs: null } }),
    setCap: (id, cap) => change(id, { draft: { ...find(id).draft, cap } }),
    clear: (states) => tasks.filter(({ state }) => states.includes(state.name)).length,
    dispatchState: () => dispatch,
    pause: (pauseReason) => setDispatch({ paused: true, pauseReason }),
    resume: () => setDispatch({ paused: false, pauseReason: null }),
    setAuto: (auto) => setDispatch({ auto }),
    distribute: async () => pass(),
    explain: notThere,
    estimate: notThere,
    estimateAccuracy: notThere,
    status: () => statusOf(tasks, workers, dispatch),
    metrics: notThere,
    throttle: notThere,
    events: NO_EVENTS,
    hierarchy: {
      escalate: notThere,
      reportEscalation: notThere,
      findings: () => [],
      acknowledgeFinding: notThere,
      applyFinding: notThere,
      report: notThere,
      metrics: notThere,
      rebuildMetrics: notThere,
      roster: () => ({ file: null, tiers: [], departments: [], members: [] }),
    },
    focus: { state: notThere, begin: notThere, end: notThere },
    redis: { note: notThere, model: () => null, notices: () => [] },
    pages: { tasks: notThere, story: notThere, fleet: notThere, costTrend: notThere },
    reports: {
      make: notThere,
      write: notThere,
      schedules: () => [],
      schedule: notThere,
      unschedule: notThere,
    },
    alerts: {
      model: () => ({ channels: [], mute: null, quietHours: null, alerts: [] }),
      ...{ test: notThere, acknowledge: notThere, mute: notThere, retry: notThere },
    },
    recap: () => recapOf(dispatch),
    whyTask: notThere,
    whyWorker: notThere,
    plan: notThere,
    planBatch: (drafts) => ({
      ...{
        nowMs: AT_MS,
        tasks: drafts.length,
        known: 0,
        held: 0,
        ahead: 0,
        beyond: 0,
        shares: [],
        limits: [],
      },
      ...{
        doneAtMs: { p50: null, p90: null },
        noWorker: null,
        never: { p50: 0, p90: 0 },
        assumes: "nothing",
      },
    }),
    fleet: {
      rows: () => workers,
      survivors: () => [],
      endSurvivors: async () => ({ ended: [], there: [] }),
      spawn: async () => workers,
      restart: async (worker) => ask(`restart ${worker}`, worker),
      kill: async (worker) => ask(`kill ${worker}`, worker),
      drain: (worker) => ask(`drain ${worker}`, worker),
      send: async (worker, text) => ask(`send ${worker} ${text}`, worker),
      answer: async (worker, text) => ask(`answer ${worker} ${text}`, worker),
      adopt: async () => workerRow(3),
      setRole: (worker) => worker,
      coordinate: notThere,
      adoptable: async () => [],
      output: (_worker, lines) => Array.from({ length: Math.min(lines, 3) }, (_, at) => `line ${at + 1}`),
      followOutput: (_worker, onText) => {
        onText("more\u001b[31m to come");
        return () => undefined;
      },
      attachTarget: (worker) => ({ worker, tmuxSocket: `${stateDir}/tmux.sock`, session: worker }),
    },
    rounds: {
      start: notThere,
      child: notThere,
      add: notThere,
      batch: (drafts) => {
        const added = drafts.map(submit);
        const ids = (created: boolean) =>
          added.filter((one) => one.created === created).map(({ task }) => task.id);
        return {
          round: "batch-20260213-1",
          queued: ids(true),
          known: ids(false),
          alike: { count: 0, first: [] },
        };
      },
      knowsWorker: notThere,
      end: notThere,
      show: notThere,
      list: notThere,
      import: notThere,
    },
    routes: { model: notThere, adopt: notThere, drop: notThere },
    limits: {
      rows: () => [],
      set: notThere,
      raise: notThere,
      accounts: () => [],
      reserveOfAccount: () => {
        throw new CtmError("not-found", "there are no accounts");
      },
      freeAccount: () => {
        throw new CtmError("not-found", "there is no such account");
      },
    },
    prices: { model: notThere, bring: notThere, reprice: notThere },
    doctor: async () => ({ checks: [{ name: "tmux", verdict: "ok", found: "tmux 3.3a", remedy: null }] }),
    backUp: notThere,
    onFact: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    whenFinal: (ids) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (ids.every((id) => isFinal(find(id).state.name))) resolve(ids.map(find));
        };
        listeners.add(look);
        look();
      }),
    close: async () => undefined,
  };
}

/** The fake house takes no events. */
const NO_EVENTS: App["events"] = {
  ...{
    take: notThere,
    takeShared: notThere,
    send: notThere,
    message: notThere,
    messageGroup: notThere,
    list: () => [],
    show: notThere,
  },
  ...{
    metrics: notThere,
    replay: notThere,
    replaySince: notThere,
    deadLetters: notThere,
    retryDead: notThere,
  },
  ...{
    dropDead: notThere,
    triggers: () => [],
    pause: notThere,
    resume: notThere,
    test: notThere,
    noteTrouble: notThere,
  },
};

const assignment: Task["assignment"] = {
  type: "coding",
  complexity: "simple",
  route: "codex",
  agent: "rehearsal",
  model: "sonnet",
  estimateTokens: 1008,
  member: null,
  reserveTokens: 2000,
  reserveNanoUsd: 0,
  reserveBasis: "formula",
};

function workerRow(number: number): WorkerRow {
  return {
    name: `concurrent_worker${number}`,
    alias: `w${number}`,
    agent: "rehearsal",
    model: null,
    state: "idle",
    sinceMs: AT_MS,
    because: "it is ready",
    untilMs: null,
    question: null,
    draining: false,
    coordinates: false,
    adopted: false,
    simulated: true,
    done: 0,
    failed: 0,
    tokens: figureOf(0, "simulated"),
    cost: figureOf(0, "simulated"),
    contextPercent: null,
    task: null,
  };
}

function statusOf(
  tasks: readonly Task[],
  workers: readonly WorkerRow[],
  dispatch: DispatchState,
): StatusModel {
  const count = (...names: readonly string[]): number =>
    tasks.filter(({ state }) => names.includes(state.name)).length;
  return {
    nowMs: AT_MS,
    upMs: 1000,
    mode: dispatch.paused
      ? { kind: "paused", reason: dispatch.pauseReason }
      : dispatch.auto
        ? { kind: "auto", tickMs: 10_000 }
        : { kind: "manual" },
    notices: ["Rehearsal: no agent works here and nothing is spent."],
    queue: {
      queued: count("queued"),
      held: 0,
      running: count("running", "needs-input"),
      failed: count("failed"),
      lost: 0,
    },
    completed: count("completed"),
    tokens: figureOf(0, "actual"),
    cost: figureOf(0, "actual"),
    unknownUsageTasks: 0,
    telemetry: null,
    simulated: null,
    level: "NONE",
    limits: [],
    workers,
    workerLevels: [],
  };
}

function recapOf({ pauseReason }: DispatchState): RecapModel {
  return {
    startedAtMs: AT_MS,
    before: "left",
    rebooted: false,
    lastSeenMs: AT_MS,
    paused: pauseReason,
    pausedHere: false,
    tasks: [],
    asking: [],
    waiting: 0,
    tokens: figureOf(0, "actual"),
    cost: figureOf(0, "actual"),
    unknownUsageTasks: 0,
    survivors: [],
  };
}

function notThere(): never {
  throw new CtmError("refused", "the fake house has no such view");
}
