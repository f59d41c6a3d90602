/**
 * The configuration file: where it is looked for, how it is read without being led astray (a link to a device, a
 * file somebody else can write, a file of any size), and where in it a fault stands.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Document, LineCounter } from "yaml";
import { CtmError } from "./base/errors.ts";

/** What a file is called in messages, and how large it may be. */
export interface FileSort {
  readonly name: string;
  readonly maxBytes: number;
}

const CONFIGURATION: FileSort = { name: "the configuration", maxBytes: 256 * 1024 };
const FILE_NAMES = ["ctm.yaml", "ctm.yml", "ctm.json"];

export interface ConfigFile {
  readonly path: string;
  /** What the file says, unchecked; an empty file says nothing. */
  readonly value: unknown;
  /** "path:line:column" of a key, or of the nearest thing around it that the file has. */
  place(keys: readonly PropertyKey[]): string;
}

/**
 * The file to read: the one named by flag or environment (it must exist), else ctm.yaml, ctm.yml or ctm.json in
 * `cwd` or a folder above it, else ctm.yaml in the person's configuration folder, else null.
 */
export function findConfigFile(named: string | null, cwd: string, userFolder: string): string | null {
  if (named !== null) return resolve(cwd, named);
  return placesOfConfigFile(named, cwd, userFolder).find(isFile) ?? null;
}

/** Where it is looked for, in this order. */
export function placesOfConfigFile(named: string | null, cwd: string, userFolder: string): readonly string[] {
  if (named !== null) return [resolve(cwd, named)];
  return [...placesUpwards(cwd, FILE_NAMES), ...FILE_NAMES.map((name) => join(userFolder, name))];
}

/** The first of these files in `cwd` or a folder above it; null: there is none. */
export function findUpwards(cwd: string, names: readonly string[]): string | null {
  return placesUpwards(cwd, names).find(isFile) ?? null;
}

/** Where files of these names would be found, the nearest folder first. */
export function placesUpwards(cwd: string, names: readonly string[]): readonly string[] {
  const places: string[] = [];
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    places.push(...names.map((name) => join(folder, name)));
    if (folder === dirname(folder)) return places;
  }
}

/** Reads and parses the file. Throws CtmError `config` (all syntax faults), `refused` (unsafe owner) or `io`. */
export async function readConfigFile(
  path: string,
  uid: number | null,
  sort: FileSort = CONFIGURATION,
): Promise<ConfigFile> {
  const text = readBounded(path, uid, sort);
  const { LineCounter, parseDocument } = await import("./config-yaml.ts");
  const lines = new LineCounter();
  const document = parseDocument(text.replace(/^\uFEFF/, ""), {
    lineCounter: lines,
    version: "1.2",
    merge: false,
  });
  const faults = document.errors.map((error) => {
    const { line, col } = lines.linePos(error.pos[0]);
    return `${path}:${line}:${col} ${firstLine(error.message)}`;
  });
  if (faults.length > 0) throw new CtmError("config", `${sort.name} ${path} cannot be read`, faults);
  return {
    path,
    value: plainValue(document, path, sort),
    place: (keys) => placeOf(document, lines, path, keys),
  };
}

/** Where no file can be (a folder's name that is too long, one that is closed to us) there is none. */
function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function readBounded(path: string, uid: number | null, { name, maxBytes }: FileSort): string {
  let file: number;
  try {
    // Not blocking: a named pipe would otherwise hold the start for ever.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw new CtmError("config", `${name} ${path} cannot be opened: ${reasonOf(error)}`, [], {
      cause: error,
    });
  }
  try {
    const facts = fstatSync(file);
    if (!facts.isFile()) throw new CtmError("config", `${name} ${path} is not a regular file`);
    if (facts.size > maxBytes)
      throw new CtmError("config", `${name} ${path} is larger than ${maxBytes / 1024} KiB`);
    refuseForeign(`${name} ${path}`, path, facts, uid);
    return readFileSync(file, "utf8");
  } finally {
    closeSync(file);
  }
}

/** The file names programs that we run, so whoever can write it can run programs as us. */
function refuseForeign(
  named: string,
  path: string,
  facts: { uid: number; mode: number },
  uid: number | null,
): void {
  if (uid === null) return;
  if (facts.uid !== uid && facts.uid !== 0) {
    throw new CtmError("refused", `${named} belongs to another user and is not read`);
  }
  if ((facts.mode & 0o002) !== 0) {
    throw new CtmError("refused", `${named} can be written by anybody and is not read`, [
      `Make it yours alone: chmod o-w ${path}`,
    ]);
  }
}

function plainValue(document: Document.Parsed, path: string, { name }: FileSort): unknown {
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    if (holdsPrototype(value)) throw new Error("no key may be named __proto__");
    return value ?? undefined;
  } catch (error) {
    throw new CtmError("config", `${name} ${path} cannot be read: ${reasonOf(error)}`, [], { cause: error });
  }
}

/** Such a key is passed over by those who look at keys: it would be neither used nor told. */
function holdsPrototype(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(holdsPrototype);
  if (!isObject(value)) return false;
  return Object.hasOwn(value, "__proto__") || Object.values(value).some(holdsPrototype);
}

interface YamlPair {
  readonly key: { readonly value?: unknown; readonly range?: readonly [number, number, number] };
  readonly value: unknown;
}

function placeOf(
  document: Document.Parsed,
  lines: LineCounter,
  path: string,
  keys: readonly PropertyKey[],
): string {
  let node: unknown = document.contents;
  let offset = 0;
  for (const key of keys) {
    const items: readonly unknown[] = isObject(node) && Array.isArray(node["items"]) ? node["items"] : [];
    if (typeof key === "number" && items.length > 0 && !isPair(items[0])) {
      const item = items[key];
      if (!isRanged(item)) break;
      offset = item.range[0];
      node = item;
      continue;
    }
    const pair = items.find(
      (item): item is YamlPair => isPair(item) && String(item.key.value) === String(key),
    );
    if (pair === undefined) break;
    offset = pair.key.range?.[0] ?? offset;
    node = pair.value;
  }
  const { line, col } = lines.linePos(offset);
  return `${path}:${line}:${col}`;
}

function isRanged(item: unknown): item is { readonly range: readonly [number, number, number] } {
  return isObject(item) && Array.isArray(item["range"]);
}

function isPair(item: unknown): item is YamlPair {
  return isObject(item) && isObject(item["key"]);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function firstLine(message: string): string {
  return oneLine(message.split("\n", 1)[0]?.replace(/ at line \d+, column \d+:?$/, "") ?? message);
}

/** A text of the file in a message: nothing a terminal would obey. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}]/gu, "?");
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return "there is no such file";
  return error instanceof Error ? firstLine(error.message) : String(error);
}
