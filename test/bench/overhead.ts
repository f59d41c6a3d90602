/** What the product adds to a trivial command, against the floor of tmux and against other programs. */
import { startApp, type Home } from "./bench-app.ts";
import { median, ms, type Figure, times } from "./figures.ts";
import { isInstalled, PEERS, type Peer } from "./peers.ts";
import { floorMs } from "./tmux-floor.ts";

const tasks = 500;
const slots = 4;
const rounds = 3;
const command = "/bin/true";

interface Contestant {
  readonly name: string;
  /** Milliseconds a task. */
  run(): Promise<number>;
}

/** The compared programs take turns, so that a busy moment of the machine meets them all. */
export async function overhead(): Promise<Figure[]> {
  const peer = ({ name, run, program, share }: Peer): Contestant[] => {
    const count = Math.round(tasks * share);
    return isInstalled(program)
      ? [{ name, run: async () => (await run(count, slots, command)) / count }]
      : [];
  };
  const contestants: Contestant[] = [
    { name: "floor", run: async () => (await floorMs(tasks, slots, command)) / tasks },
    { name: "ctm", run: async () => (await ctmMs("disk")) / tasks },
    { name: "ctm without fsync", run: async () => (await ctmMs("memory")) / tasks },
    ...Object.values(PEERS).flatMap(peer),
  ];
  const took = new Map<string, number[]>();
  for (let round = 0; round < rounds; round += 1)
    for (const { name, run } of contestants) took.set(name, [...(took.get(name) ?? []), await run()]);
  const of = (name: string): number => median(took.get(name) ?? []);
  const row = (what: string, name: string, ratio: number, goal: string, met: boolean | null): Figure => ({
    what,
    measured: took.has(name) ? `${ms(of(name))} a task` : "not installed",
    ratio: Number.isFinite(ratio) ? times(ratio) : "",
    goal,
    met: Number.isFinite(ratio) ? met : null,
  });
  const { tsp, parallel, parallelTmux } = PEERS;
  const against = (name: string): number => of("ctm") / of(name);
  const bare = of("ctm without fsync") / of(tsp.name);
  return [
    row("ctm, durable", "ctm", Number.NaN, "", null),
    row("ctm, state in memory", "ctm without fsync", Number.NaN, "", null),
    row("tmux floor", "floor", against("floor"), "ctm at most 3x", against("floor") <= 3),
    row("parallel -j4", parallel.name, against(parallel.name), "ctm below 1x", against(parallel.name) < 1),
    row(
      "parallel --tmux -j4",
      parallelTmux.name,
      against(parallelTmux.name),
      "ctm at most 0.2x",
      against(parallelTmux.name) <= 0.2,
    ),
    row("tsp -S 4", tsp.name, bare, "ctm in memory at most 1.5x", bare <= 1.5),
  ];
}

async function ctmMs(home: Home): Promise<number> {
  const { app, config, end } = await startApp(slots, home);
  try {
    const startedMs = performance.now();
    const added = app.submitMany(
      Array.from({ length: tasks }, () => ({
        text: command,
        priority: "normal",
        cwd: config.workers.cwd,
        type: null,
        model: null,
        agent: null,
        worker: null,
        as: null,
        key: null,
        holdReason: null,
        retryLost: false,
        cap: null,
        origin: "bench",
      })),
    );
    app.setAuto(true);
    const ended = await app.whenFinal(added.map(({ task }) => task.id));
    const tookMs = performance.now() - startedMs;
    const wrong = ended.filter(({ state }) => state.name !== "completed").length;
    if (wrong > 0) throw new Error(`${wrong} of ${tasks} tasks did not complete`);
    return tookMs;
  } finally {
    await end();
  }
}
