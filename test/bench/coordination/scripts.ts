/** What is asked for and what the models are made to do: the orders, the prompts, and the turns that are played. */
import type { PlayedTurn } from "../../support/stand-in-api.ts";
import type { ModelRequest } from "../../support/stand-in-requests.ts";

export interface Workload {
  readonly agents: number;
  /** Files an order reads; each is as much as one look of an agent may show. */
  readonly reads: number;
  /** How long an order takes, in time as it is told. */
  readonly orderMs: number;
  /** How often panes are looked at, in time as it is told. */
  readonly pollMs: number;
  /** So much sooner than told all of it happens. */
  readonly speed: number;
}

/** How long a coordinator's model takes to answer, in time as it is told. */
const thinkMs = 3_000;

export function orderIds(round: string, { agents }: Workload): string[] {
  return Array.from({ length: agents }, (_, at) => `${round}-t${at + 1}`);
}

export function partOf(id: string, read: number): string {
  return `parts/${id.replace(/^.*-/, "")}-${read + 1}.txt`;
}

export function orderText(id: string, { reads }: Workload): string {
  return `ORDER ${id}. Read the parts ${partOf(id, 0)} to ${partOf(id, reads - 1)} one after another with cat. Each describes one module: its interfaces, who calls it, and which faults are open. Then write the file done/${id} with one line that names the module with the most open faults and why it comes first, and say that it is written. Change nothing else in this folder, and start no further agents.`;
}

export function roundPrompt(round: string, work: Workload): string {
  const texts = orderIds(round, work).map((id) => orderText(id, work));
  return `ROUND ${round}: have these orders done, and tell me when all of them are.\n\n${texts.join("\n\n")}`;
}

/** An agent at its orders: it reads all parts, writes its file, and says so. */
export function playOrders(work: Workload): (request: ModelRequest) => PlayedTurn | null {
  const delayMs = work.orderMs / work.speed / (work.reads + 2);
  return ({ prompt, toolsRun }) => {
    const ids = [...prompt.matchAll(/ORDER (\S+)\. /g)].map(([, id = ""]) => id);
    if (ids.length === 0) return null;
    const commands = ids.flatMap((id) => [
      ...Array.from({ length: work.reads }, (_, read) => `cat ${partOf(id, read)}`),
      `echo "${partOf(id, 0)} comes first: most of its faults are open, and everybody calls it" > done/${id}`,
    ]);
    const command = commands[toolsRun];
    const said = ids.map((id) => `FINISHED ${id}`).join(", ");
    if (command === undefined)
      return {
        answer: `The line is written; the first module has the most open faults. ${said}`,
        call: null,
        delayMs,
      };
    return { answer: "I go on with the next step.", call: shell(command, "next step"), delayMs };
  };
}

export interface Coordination {
  readonly play: (request: ModelRequest) => PlayedTurn | null;
  /** When the coordinator saw that all orders of a round are done. */
  readonly knownAtMs: Map<string, number>;
  /** How often it looked, or was woken, by round. */
  readonly looks: Map<string, number>;
}

/** Types orders into panes by tmux, then looks at all panes until each has said that it is done. */
export function playPolling(work: Workload, tmux: string): Coordination {
  return coordination(work, (round, { toolsRun, lastResult }, look) => {
    const ids = orderIds(round, work);
    const panes = ids.map((_, at) => `w${at + 1}`);
    if (toolsRun === 0) {
      const typed = ids.map((id, at) => typing(tmux, `w${at + 1}`, orderText(id, work)));
      return { answer: "I hand the orders out.", call: shell(typed.join("\n"), "hand the orders out") };
    }
    if (ids.every((id) => lastResult.includes(`FINISHED ${id}`))) return "known";
    look();
    const wait = (work.pollMs / work.speed / 1_000).toFixed(2);
    const show = `for w in ${panes.join(" ")}; do echo "== $w"; ${tmux} capture-pane -p -t $w | grep -v '^ *$'; done`;
    return {
      answer: "Not all of them are done: I look again.",
      call: shell(`sleep ${wait}; ${show}`, "look at the panes"),
    };
  });
}

/** Begins a round by the tools of ctm, waits to be told that it is over, and ends it. */
export function playEvents(work: Workload): Coordination {
  let queued: readonly number[] = [];
  return coordination(work, (round, { toolsRun, lastResult }, look) => {
    if (toolsRun === 0) {
      const tasks = orderIds(round, work).map((id) => orderText(id, work));
      return { answer: "I begin the round.", call: tool("start_round", { name: round, tasks }) };
    }
    const told = JSON.parse(lastResult) as {
      queued?: number[];
      tasks?: { state: string }[] | object;
      wallMs?: number;
    };
    if (told.wallMs !== undefined) return "known";
    queued = told.queued ?? queued;
    if (Array.isArray(told.tasks) && told.tasks.every(({ state }) => state === "completed"))
      return { answer: "All are done.", call: tool("end_round", { name: round }), known: true };
    look();
    return {
      answer: "I wait for news.",
      call: tool("wait_for_news", { tasks: queued, until: "all", seconds: 600 }),
    };
  });
}

type Step =
  | { readonly answer: string; readonly call: PlayedTurn["call"]; readonly known?: boolean }
  /** Everything is done and seen: it tells the person. */
  | "known";

function coordination(
  work: Workload,
  stepOf: (round: string, request: ModelRequest, look: () => void) => Step,
): Coordination {
  const knownAtMs = new Map<string, number>();
  const looks = new Map<string, number>();
  const delayMs = thinkMs / work.speed;
  return {
    knownAtMs,
    looks,
    play: (request) => {
      const round = /ROUND ([\w-]+):/.exec(request.prompt)?.[1];
      if (round === undefined) return { answer: "Ready.", call: null, delayMs };
      const atMs = Date.now();
      const step = stepOf(round, request, () => looks.set(round, (looks.get(round) ?? 0) + 1));
      if ((step === "known" || step.known === true) && !knownAtMs.has(round)) knownAtMs.set(round, atMs);
      if (step !== "known") return { ...step, delayMs };
      return { answer: `All orders of ${round} are done; each wrote its file.`, call: null, delayMs };
    },
  };
}

function typing(tmux: string, pane: string, text: string): string {
  return `${tmux} load-buffer -b o - <<'END'\n${text}\nEND\n${tmux} paste-buffer -p -r -d -b o -t ${pane}; sleep 0.3; ${tmux} send-keys -t ${pane} Enter`;
}

function shell(command: string, description: string): PlayedTurn["call"] {
  return { name: "Bash", args: { command, description } };
}

function tool(name: string, args: object): PlayedTurn["call"] {
  return { name: `mcp__ctm__${name}`, args };
}
