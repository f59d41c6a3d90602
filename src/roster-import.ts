/**
 * Agents that Claude Code knows (`.claude/agents/*.md`: front matter and a prompt) as agents of a roster. The roster is
 * made, or those it does not name yet are added behind its others, comments and all else left as they are.
 */
import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { CtmError } from "./base/errors.ts";
import { parseDocument } from "./config-yaml.ts";
import { readRoster, ROSTER_FILE } from "./roster-file.ts";
import { isRosterId, membersMax } from "./roster-schema.ts";
import { classify } from "./delegation/classify.ts";
import { createPrivateFile, writePrivateFile } from "./ledger/state-folder.ts";
import { taskText } from "./tasks/task-text.ts";

/** Largest file of one agent. */
const agentFileMaxBytes = 256 * 1024;
const preambleMaxChars = 16_384;

export interface Imported {
  readonly file: string;
  readonly added: readonly string[];
  /** Those the roster names already. */
  readonly known: readonly string[];
  /** Files that were passed over, and why. */
  readonly passedOver: readonly { readonly file: string; readonly reason: string }[];
}

interface ImportedAgent {
  readonly id: string;
  readonly tier: "execution";
  readonly types: readonly string[];
  readonly model?: string;
  readonly preamble?: string;
}

/**
 * Reads the agents of `dir` into the roster of `project`. `kinds`: the kinds of agent CLI there are. Throws CtmError
 * `not-found` without such a folder, `config` when the roster that is there has faults.
 */
export async function importRoster(
  dir: string,
  project: string,
  kinds: readonly string[],
): Promise<Imported> {
  const passedOver: { file: string; reason: string }[] = [];
  const agents: ImportedAgent[] = [];
  for (const name of agentFiles(dir)) {
    const read = readAgent(join(dir, name));
    if (typeof read === "string") passedOver.push({ file: name, reason: read });
    else if (agents.some(({ id }) => id === read.id))
      passedOver.push({ file: name, reason: `${read.id} is there twice` });
    else agents.push(read);
  }
  const file = join(project, ROSTER_FILE);
  const isThere = statSync(file, { throwIfNoEntry: false }) !== undefined;
  const roster = isThere ? await readRoster(file, kinds) : null;
  const taken = new Set(roster?.members.map(({ id }) => id));
  const fresh = agents.filter(({ id }) => !taken.has(id));
  if (isThere && fresh.length > 0) writePrivateFile(file, withAgents(readFileSync(file, "utf8"), fresh));
  if (!isThere && fresh.length > 0) createPrivateFile(file, withAgents("agents: []\n", fresh));
  return {
    file,
    added: fresh.map(({ id }) => id),
    known: agents.filter(({ id }) => taken.has(id)).map(({ id }) => id),
    passedOver,
  };
}

function agentFiles(dir: string): string[] {
  try {
    return readdirSync(dir)
      .filter((name) => name.endsWith(".md"))
      .sort()
      .slice(0, membersMax);
  } catch (error) {
    throw new CtmError("not-found", `there is no folder of agents ${dir}`, [], { cause: error });
  }
}

/** The agent of a file, or why it is none. */
function readAgent(path: string): ImportedAgent | string {
  const text = readRegular(path);
  if (text === null) return `it is no regular file of at most ${agentFileMaxBytes / 1024} KiB`;
  const parts = /^\uFEFF?---\r?\n([\s\S]*?)\r?\n---(?:\r?\n([\s\S]*))?$/.exec(text);
  if (parts === null) return "it has no front matter";
  const front = frontMatter(parts[1] ?? "");
  if (front === null) return "its front matter cannot be read";
  const { name, description, model } = front;
  if (typeof name !== "string" || !isRosterId(name))
    return "its name is no id (lower-case letters, digits, - and _)";
  const preamble = preambleOf(parts[2] ?? "");
  return {
    id: name,
    tier: "execution",
    types: [classify(typeof description === "string" ? description : name).type],
    ...(typeof model === "string" && /^[A-Za-z0-9][\w.:/-]{0,99}$/.test(model) && model !== "inherit"
      ? { model }
      : {}),
    ...(preamble === null ? {} : { preamble }),
  };
}

/** Null for a link, a device, or one that is too large. */
function readRegular(path: string): string | null {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    try {
      const facts = fstatSync(file);
      return facts.isFile() && facts.size <= agentFileMaxBytes ? readFileSync(file, "utf8") : null;
    } finally {
      closeSync(file);
    }
  } catch {
    return null;
  }
}

function frontMatter(text: string): Record<string, unknown> | null {
  try {
    const document = parseDocument(text, { version: "1.2", merge: false });
    const value: unknown = document.errors.length > 0 ? null : document.toJS({ maxAliasCount: 0 });
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** What cannot be typed, or is too long for every prompt, is left out. */
function preambleOf(body: string): string | null {
  try {
    const text = taskText(body).trim();
    return text.length > preambleMaxChars ? null : text;
  } catch {
    return null;
  }
}

function withAgents(text: string, agents: readonly ImportedAgent[]): string {
  const document = parseDocument(text);
  if (!document.hasIn(["agents"])) document.setIn(["agents"], document.createNode([]));
  for (const agent of agents) document.addIn(["agents"], document.createNode(agent));
  const list: unknown = document.getIn(["agents"]);
  // An empty list is written on one line; what is added stands below each other.
  if (typeof list === "object" && list !== null && "flow" in list) list.flow = false;
  return document.toString({ lineWidth: 120 });
}
