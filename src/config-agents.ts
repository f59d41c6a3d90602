/** What the configuration file may say of agents: those that come with the product, and declared ones. */
import * as z from "zod";
import { AGENT_KINDS, AGENT_MODES, type AgentMode } from "./agents/adapter.ts";
import { DECLARED_FORMATS, type DeclaredAgent, type Mark } from "./agents/declared-agent.ts";
import { nearest } from "./base/suggest.ts";
import { isSection } from "./config-defaults.ts";
import {
  choice,
  command,
  entries,
  label,
  secretText,
  section,
  text,
  wholeNumber,
  yesOrNo,
} from "./config-rules.ts";
import type { AgentConfig } from "./config-shape.ts";

/** Most agents a configuration may declare. */
const declaredMax = 20;
const NAME = /^[a-z][a-z0-9_-]{0,39}$/;
/** Names that mean something else where an agent is named. */
const TAKEN: readonly string[] = [...AGENT_KINDS, "auto"];

/**
 * Names of the agents that a file declares, as far as they can be names. What is written nearly like an agent that
 * comes with the product, and does not say when its task is done, is taken for a mistyped one.
 */
export function declaredNames(file: unknown): readonly string[] {
  const agents = isSection(file) && isSection(file["agents"]) ? file["agents"] : {};
  return Object.entries(agents)
    .filter(([name]) => NAME.test(name) && !TAKEN.includes(name))
    .filter(
      ([name, said]) =>
        nearest(name, AGENT_KINDS) === null || (isSection(said) && Object.hasOwn(said, "done")),
    )
    .map(([name]) => name)
    .slice(0, declaredMax);
}

/** The section `agents`, with these declared ones. */
export function agents(declared: readonly string[]) {
  const mode = choice(AGENT_MODES);
  const common = {
    command: command(),
    permissionMode: label("the name of a permission mode, or null").nullable(),
    env: environment(),
    models: models(),
  };
  return section({
    claude: agent({ ...common, mode }),
    codex: agent({ ...common, mode }),
    gemini: agent(common, "headless"),
    opencode: agent({ ...common, mode, permissionMode: choice(["auto"]).nullable() }),
    shell: agent(common),
    rehearsal: agent(common),
    ...Object.fromEntries(declared.map((name) => [name, declaredAgent()])),
  }).transform(
    (all) => all as Readonly<Record<(typeof AGENT_KINDS)[number], AgentConfig>> & Record<string, AgentConfig>,
  );
}

/** Environment of an agent's process. */
export function environment() {
  return entries(/^[A-Za-z_][A-Za-z0-9_]{0,199}$/, "the name of an environment variable", secretText());
}

const models = () => {
  const model = label("a model name").nullable();
  return section({ cheap: model, premium: model });
};

function agent<M extends Readonly<Record<string, z.ZodType>>>(rules: M, mode: AgentMode = "interactive") {
  return section(rules).transform((said) => ({ mode, ...said, declared: null }));
}

const pattern = () =>
  text(/^(?=.*[^*\s])[^\p{Cc}\p{Cs}]{1,200}$/u, "one line of text, in which * stands for anything");
const hookName = () =>
  text(
    /^(?!(?:exited|progress)$)[A-Za-z][A-Za-z0-9-]{0,39}$/,
    "a name of letters, digits and hyphens for $CTM_HOOK",
  );
const submitKey = () => text(/^(?:Enter|Tab|C-[a-z])$/, "Enter, Tab or a control key such as C-d");
const interruptKey = () => text(/^(?:Escape|C-[a-z])$/, "Escape or a control key such as C-c");

const MARKS = { hook: hookName().optional(), osc: pattern().optional(), pattern: pattern().optional() };

function mark() {
  return oneOf(section(MARKS), "one of hook, osc, pattern").transform(markOf);
}

function done() {
  const exit = z.literal(true, { error: "must be true" }).optional();
  return oneOf(section({ ...MARKS, exit }), "one of hook, osc, pattern, exit").transform((said) =>
    said["exit"] === true ? ({ kind: "exit" } as const) : markOf(said),
  );
}

type Marked = { hook?: string | undefined; osc?: string | undefined; pattern?: string | undefined };

function oneOf<T extends Marked & { exit?: true | undefined }>(rule: z.ZodType<T>, wanted: string) {
  return rule.refine((said) => Object.values(said).filter((value) => value !== undefined).length === 1, {
    error: `must say exactly ${wanted}`,
  });
}

function markOf({ hook, osc, pattern = "" }: Marked): Mark {
  if (hook !== undefined) return { kind: "hook", name: hook };
  return osc === undefined ? { kind: "pattern", pattern } : { kind: "osc", pattern: osc };
}

/** What only an agent that is typed into has. */
const CONVERSATION = {
  composer: pattern().optional(),
  footerLines: wholeNumber(0, 10).optional(),
  ready: mark().optional(),
  accepted: mark().optional(),
  asks: mark().optional(),
  submit: section({
    bracketed: yesOrNo().optional(),
    afterMs: wholeNumber(0, 5_000).optional(),
    key: submitKey().optional(),
  }).optional(),
  clear: label("a command that empties its conversation, or null").nullable().optional(),
};

const behaviour = () => ({
  done: done(),
  failed: mark().optional(),
  record: section({ format: choice(DECLARED_FORMATS), path: recordPath() })
    .nullable()
    .optional(),
  firstRequestTokens: wholeNumber(0, 1_000_000).optional(),
  interrupt: interruptKey().optional(),
  ...CONVERSATION,
});

type Said = z.output<z.ZodObject<ReturnType<typeof behaviour>>>;

function declaredAgent() {
  return section({
    command: command().refine((words) => words.length > 0, { error: "must name a program" }),
    env: environment().optional(),
    models: models().optional(),
    ...behaviour(),
  }).transform((said, context): AgentConfig => {
    const refuse = (key: string, message: string): void => {
      context.issues.push({ code: "custom", message, path: [key], input: undefined });
    };
    const { command, env = {}, models = { cheap: null, premium: null }, ...rest } = said;
    if (rest.done.kind === "exit") refuseOfProcess(rest, refuse);
    else if (rest.composer === undefined)
      refuse("composer", "must say how the line reads in which it waits for a task");
    const mode = rest.done.kind === "exit" ? "headless" : "interactive";
    return { command, env, models, permissionMode: null, mode, declared: declaredOf(rest) };
  });
}

function refuseOfProcess(said: Said, refuse: (key: string, message: string) => void): void {
  for (const key of Object.keys(CONVERSATION)) {
    if (said[key as keyof typeof CONVERSATION] !== undefined)
      refuse(
        key,
        "is only for an agent that is typed into, not for one process a task (done: { exit: true })",
      );
  }
  if (said.failed !== undefined && said.failed.kind !== "hook")
    refuse("failed", "can only be a hook where one process does one task: its exit code tells the rest");
}

function declaredOf(said: Said): DeclaredAgent {
  const common = {
    failed: said.failed ?? null,
    record: said.record ?? null,
    firstRequestTokens: said.firstRequestTokens ?? 0,
    interrupt: said.interrupt ?? "C-c",
  };
  if (said.done.kind === "exit") return { kind: "process", ...common };
  const { bracketed = false, afterMs = 150, key = "Enter" } = said.submit ?? {};
  return {
    kind: "conversation",
    ...common,
    composer: said.composer ?? "",
    footerLines: said.footerLines ?? 0,
    ready: said.ready ?? null,
    accepted: said.accepted ?? null,
    done: said.done,
    asks: said.asks ?? null,
    submit: { bracketed, afterMs, key },
    clear: said.clear ?? null,
  };
}

function recordPath() {
  return text(
    /^(?!.*\/\.\.(?:\/|$))(?:\{dir\})?\/[^\p{Cc}\p{Cs}]{1,1000}$/u,
    "an absolute path, or one below {dir}, without ..",
  );
}
