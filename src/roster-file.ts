/** The file of a roster: where it is looked for, and what is wrong with it, place by place. */
import {
  findUpwards,
  oneLine,
  placesUpwards,
  readConfigFile,
  type ConfigFile,
  type FileSort,
} from "./config-file.ts";
import { CtmError } from "./base/errors.ts";
import type { Roster } from "./roster/roster.ts";

export const ROSTER_FILE = "ctm.roster.yaml";
const FILE_NAMES = [ROSTER_FILE, "ctm.roster.yml", "ctm.roster.json"];
const ROSTER: FileSort = { name: "the roster", maxBytes: 8 * 1024 * 1024 };
/** Most faults that are told at once. */
const faultsShownMax = 50;

/** The one named, else the first in `cwd` or a folder above it; null: there is none. */
export function findRoster(named: string | null, cwd: string): string | null {
  return named ?? findUpwards(cwd, FILE_NAMES);
}

/** Where one that is not named is looked for. */
export function placesOfRoster(cwd: string): readonly string[] {
  return placesUpwards(cwd, FILE_NAMES);
}

/**
 * Reads and validates a roster. `agents`: the kinds of agent CLI there are. Throws CtmError `config` with one line a
 * fault (place, key, what is wanted), or `refused` for a file that others can write.
 */
export async function readRoster(path: string, agents: readonly string[]): Promise<Roster> {
  const file = await readConfigFile(path, process.getuid?.() ?? null, ROSTER);
  const { rosterSchema, rosterOf } = await import("./roster-schema.ts");
  const parsed = rosterSchema(agents).safeParse(file.value ?? {}, { reportInput: true });
  if (!parsed.success) throw rosterError(parsed.error.issues, file);
  const { rosterFaults } = await import("./roster/roster-faults.ts");
  const roster = rosterOf(parsed.data);
  const faults = rosterFaults(roster);
  if (faults.length > 0) throw rosterError(faults, file);
  return roster;
}

interface Fault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** Of unknown keys: one a line of the message. */
  readonly keys?: readonly string[];
}

function rosterError(faults: readonly Fault[], file: ConfigFile): CtmError {
  const told = faults.flatMap(({ path, message, keys }) =>
    message.split("\n").map((line, index) => {
      const key = keys?.[index];
      const place = file.place(key === undefined ? path : [...path, key]);
      return oneLine(`${place} ${nameOf(path)} ${line}`);
    }),
  );
  const count = told.length === 1 ? "a fault" : `${told.length} faults`;
  const more = told.length - faultsShownMax;
  const shown = more > 0 ? [...told.slice(0, faultsShownMax), `and ${more} more`] : told;
  return new CtmError("config", `the roster has ${count}`, shown);
}

/** `agents[3].id`; the whole file is `the file`. */
function nameOf(path: readonly PropertyKey[]): string {
  const named = path
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`))
    .join("")
    .replace(/^\./, "");
  return named.length > 120 ? `${named.slice(0, 119)}…` : named || "the file";
}
