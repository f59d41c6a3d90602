/**
 * The manager, as the page asks it. The key comes with the link, behind the #, and is kept in this page's own storage:
 * it belongs to this port alone and is sent to nobody unasked. An exported page has its answers with it instead.
 */
import type { ExportedPages } from "../reports/page-questions.ts";
import { remember, remembered } from "./storage.ts";

const KEY = "ctm-key";
const answerWithinMs = 15_000;

/** The manager said no, or is not there. */
export class Refused extends Error {
  /** 0: it could not be reached. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const written = document.getElementById("exported")?.textContent ?? null;

/** What this page was written with, where it is a copy in files: nothing can be done here, and nothing changes. */
export const exported = written === null ? null : (JSON.parse(written) as ExportedPages);

/** Now; in a copy, when it was written. */
export function nowMs(): number {
  return exported?.writtenAtMs ?? Date.now();
}

let key = keyIn(location.hash);

function keyIn(hash: string): string | null {
  return /^#key=([\w-]{20,128})$/.exec(hash)?.[1] ?? null;
}

/** Takes a key out of the address, so that it stands in no history and no picture of the screen. */
export function takeKey(): void {
  const found = keyIn(location.hash);
  if (found === null) return;
  key = found;
  history.replaceState(null, "", `${location.pathname}#/`);
}

/** For the next time this page is opened. The first use of its storage takes a browser longer than any answer. */
export function keepKey(): void {
  if (key !== null) remember(KEY, key);
}

export function authorization(): Record<string, string> {
  key ??= remembered(KEY);
  return { authorization: `Bearer ${key ?? ""}` };
}

interface Answer {
  /** 0: nobody answered. */
  readonly status: number;
  readonly text: string;
  /** Where it is one of several in that text: its address. */
  readonly within?: string;
}

declare global {
  // What was asked before it is needed, by this script or by the one before it: plain data, for each has classes of its own.
  var ctmAsked: Map<string, Promise<Answer>> | undefined;
}

const asked = (globalThis.ctmAsked ??= new Map<string, Promise<Answer>>());

/** Asks ahead, unless that was done: the next look at this path, or at each `within` its answer, takes it. */
export function lookAhead(path: string, within?: readonly string[]): void {
  if (exported !== null || (within ?? [path]).some((each) => asked.has(each))) return;
  const answer = ask(path, { headers: authorization() });
  if (within === undefined) asked.set(path, answer);
  for (const each of within ?? [])
    asked.set(
      each,
      answer.then((all) => ({ ...all, within: each })),
    );
}

/** Throws Refused. */
export async function look<T>(path: string): Promise<T> {
  const ahead = asked.get(path);
  asked.delete(path);
  if (exported === null) return taken(await (ahead ?? ask(path, { headers: authorization() }))) as T;
  if (Object.hasOwn(exported.answers, path)) return exported.answers[path] as T;
  throw new Refused(404, "This is not part of the copy.");
}

/** Throws Refused. */
export async function act<T>(path: string, body: unknown): Promise<T> {
  return taken(
    await ask(path, {
      method: "POST",
      headers: { ...authorization(), "content-type": "application/json" },
      body: JSON.stringify(body),
    }),
  ) as T;
}

async function ask(path: string, init: RequestInit): Promise<Answer> {
  try {
    const response = await fetch(path, {
      ...init,
      signal: AbortSignal.timeout(answerWithinMs),
      cache: "no-store",
    });
    return { status: response.status, text: await response.text() };
  } catch {
    return { status: 0, text: "" };
  }
}

/** What an answer holds. Throws Refused. */
function taken({ status, text, within }: Answer): unknown {
  if (status === 0) throw new Refused(0, "the manager does not answer");
  if (status >= 200 && status < 300) {
    const value: unknown = JSON.parse(text);
    return within === undefined ? value : (value as Readonly<Record<string, unknown>>)[within];
  }
  throw new Refused(status, messageIn(text));
}

function messageIn(text: string): string {
  try {
    const { error } = JSON.parse(text) as { error: { message: string; details: readonly string[] } };
    return [error.message, ...error.details].join("; ");
  } catch {
    return "it was refused";
  }
}
