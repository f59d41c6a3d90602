/** The rules of the house, held against the source as it stands. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, test } from "vitest";

const root = new URL("..", import.meta.url).pathname;
const src = join(root, "src");

/** An import goes to a lower rank, or stays in its folder. */
const RANKS: Readonly<Record<string, number>> = {
  base: 0,
  metering: 1,
  tasks: 2,
  // Who takes which types of tasks: it knows tasks, they keep no more of it than a name.
  roster: 2.5,
  agents: 3,
  delegation: 4,
  throttle: 4,
  // From an event to a prompt: which trigger takes it, and the gates on its way.
  activation: 4.5,
  // Rules over what the hierarchy keeps.
  optimization: 4.5,
  hierarchy: 4,
  // What a round of tasks is, and how a written log tells of it.
  rounds: 4,
  events: 5,
  // What facts mean for a person who is elsewhere.
  alerts: 5.2,
  // Named places that tests break: the rooms with I/O stand above them.
  faults: 5.5,
  ledger: 6,
  // Records of agents, read from disk, and a private index of them.
  transcripts: 6.3,
  // Workers keep their rows in the ledger, and their files in its private folders.
  workers: 6.5,
  // What agents tell of themselves over loopback.
  telemetry: 6.5,
  // Ways to reach a person.
  channels: 6.5,
  distributor: 7,
  reports: 7,
  // The top of src/: the configuration, the engine and what belongs to it.
  ".": 8,
  // What the tables show, gathered from the ledger, the throttle and the pool.
  overview: 8.5,
  // The same figures as files, for other programs to read.
  "metrics-files.ts": 8.6,
  // Events wake agents: the journal, the gates' turns, deliveries through the engine.
  orchestration: 8.7,
  app: 9,
  commands: 10,
  // The commands as tools: `ctm mcp` serves them, and the HTTP server.
  mcp: 10.5,
  repl: 11,
  server: 11,
  // What runs in a browser: it takes nothing but shapes and words from the other rooms.
  pages: 11.5,
  triggers: 11,
  // Redis: what is live there is told to others too.
  redis: 11.5,
  cli: 12,
  // The library's face shows what it likes.
  "index.ts": 13,
};
/** The composition root: what opens and joins all the parts. */
const APP = [
  "app.ts",
  "local-app.ts",
  "opening.ts",
  "foundation.ts",
  "restore-fleet.ts",
  "alert-desk.ts",
  "fleet-desk.ts",
  "hierarchy-desk.ts",
  "limit-desk.ts",
  "page-desk.ts",
  "price-desk.ts",
  "report-desk.ts",
  "round-desk.ts",
];
/** Folders without I/O, clock and chance: everything comes in as an argument. */
const PURE = [
  "base",
  "metering",
  "tasks",
  "roster",
  "agents",
  "delegation",
  "throttle",
  "optimization",
  "hierarchy",
  "activation",
  "rounds",
  "events",
  "alerts",
  "reports",
];
/** A folder is a noun of the domain. */
const NO_FOLDERS = [
  "utils",
  "util",
  "helpers",
  "common",
  "services",
  "managers",
  "core",
  "types",
  "lib",
  "misc",
  "shared",
];
const TOP_LEVEL = [
  "package.json",
  "package-lock.json",
  "tsconfig.json",
  "src",
  "scripts",
  "test",
  "README.md",
  "CHANGELOG.md",
  "LICENSE",
];

interface Source {
  /** Path below src/, e.g. "base/errors.ts". */
  readonly path: string;
  readonly text: string;
  /** The text without comments and without the inside of string literals: what runs. */
  readonly code: string;
  readonly imports: readonly string[];
  /** Those that are carried out while the module loads: no types, no import(). */
  readonly loads: readonly string[];
}

const sources: readonly Source[] = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .sort()
  .map((path) => {
    const text = readFileSync(join(src, path), "utf8");
    return { path, text, code: codeOf(text), imports: importsOf(text), loads: loadsOf(text) };
  });

/** Every file of the project, below its root: without what is built, fetched or installed. */
const kept = readdirSync(root)
  .filter((name) => ![".git", ".agents", "node_modules", "dist", "coverage"].includes(name))
  .flatMap((name) => (statSync(join(root, name)).isDirectory() ? filesIn(name) : [name]));

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

/** Module names of `import … from`, `export … from`, `import "…"` and `import("…")`. */
function importsOf(text: string): string[] {
  const withoutComments = stripped(text, { comments: true, strings: false });
  const forms =
    /(?:^|[;}\s])(?:import|export)\s(?:[^"';]*?\sfrom\s*)?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)/g;
  return [...withoutComments.matchAll(forms)].map((match) => match[1] ?? match[2] ?? "");
}

function loadsOf(text: string): string[] {
  const withoutTypes = stripped(text, { comments: true, strings: false }).replace(
    /\b(?:import|export)\s+type\s[^"';]*["'][^"']*["']|\bimport\([^)]*\)/g,
    " ",
  );
  return importsOf(withoutTypes);
}

function codeOf(text: string): string {
  return stripped(text, { comments: true, strings: true });
}

/** Comments become blanks; the inside of strings goes too, but not the code inside of `${}`. */
function stripped(text: string, take: { comments: boolean; strings: boolean }): string {
  const token =
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|\$\{[^}]*\}|[^`\\])*`|(?<=[=(,:!&|?{};\s])\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/g;
  return text.replace(token, (found) => {
    if (found.startsWith("//") || found.startsWith("/*")) return take.comments ? " " : found;
    if (!take.strings) return found;
    if (found.startsWith("`"))
      return `\`${[...found.matchAll(/\$\{([^}]*)\}/g)].map((match) => match[1]).join(" ")}\``;
    return found.startsWith("/") ? "/x/" : '""';
  });
}

function roomOf(path: string): string {
  if (APP.includes(path)) return "app";
  if (path in RANKS) return path;
  return path.includes("/") ? (path.split("/")[0] ?? "") : ".";
}

/** The source file that a relative import names, below src/. */
function targetOf(from: string, name: string): string | null {
  return name.startsWith(".") ? relative(src, join(src, dirname(from), name)) : null;
}

/** Lines of code that match, as "path: match". */
function found(pattern: RegExp, files: readonly Source[], part: "code" | "text" = "code"): string[] {
  return files.flatMap(({ path, ...file }) =>
    [...file[part].matchAll(pattern)].map((match) => `${path}: ${match[0].trim()}`),
  );
}

const outside = (...allowed: readonly string[]) =>
  sources.filter(({ path }) => !allowed.some((place) => path === place || path.startsWith(`${place}/`)));
const inPureRooms = sources.filter(({ path }) => PURE.includes(roomOf(path)));

describe("the reader of sources itself", () => {
  test("sees every form of import, and none in comments", () => {
    const text = [
      'import { a } from "./a.ts";',
      'import type {\n  B,\n} from "./b.ts";',
      'export { c } from "./c.ts";',
      'import "./d.ts";',
      'const e = await import("./e.ts");',
      '// import { f } from "./f.ts";',
      '/* import "./g.ts"; */',
    ].join("\n");
    expect(importsOf(text)).toEqual(["./a.ts", "./b.ts", "./c.ts", "./d.ts", "./e.ts"]);
    expect(loadsOf(text)).toEqual(["./a.ts", "./c.ts", "./d.ts"]);
  });

  test("tells code from comments, texts and patterns", () => {
    const code = codeOf(
      'a("Date.now()", `x ${Date.now()} y`, /Math.random\\(\\)/); // process.exit()\n/* new Date() */ b',
    );
    expect(code).toContain("Date.now()");
    expect(code.match(/Date\.now/g)).toHaveLength(1);
    expect(code).not.toMatch(/Math|process|new Date/);
  });

  test("there are sources to look at", () => {
    expect(sources.length).toBeGreaterThan(20);
  });
});

describe("rooms", () => {
  test("every file is in a room that has a rank", () => {
    expect(sources.map(({ path }) => roomOf(path)).filter((room) => !(room in RANKS))).toEqual([]);
  });

  test("an import goes to a lower rank or stays in its folder", () => {
    const rank = (path: string) => RANKS[roomOf(path)] ?? Number.NaN;
    const wrong = sources.flatMap(({ path, imports }) =>
      imports.flatMap((name) => {
        const target = targetOf(path, name);
        if (
          target === null ||
          target === "../package.json" ||
          roomOf(target) === roomOf(path) ||
          rank(target) < rank(path)
        )
          return [];
        return [`${path} (${rank(path)}) imports ${target} (${rank(target)})`];
      }),
    );
    expect(wrong).toEqual([]);
  });

  test("relative imports name a file that is there, with its extension", () => {
    const wrong = sources.flatMap(({ path, imports }) =>
      imports.flatMap((name) => {
        const target = targetOf(path, name);
        return target === null || existsSync(join(src, target)) ? [] : [`${path}: ${name}`];
      }),
    );
    expect(wrong).toEqual([]);
  });

  test("there are no import rings", () => {
    const graph = new Map(
      sources.map(({ path, loads }) => [path, loads.flatMap((name) => targetOf(path, name) ?? [])]),
    );
    expect(ringsOf(graph)).toEqual([]);
    expect(
      ringsOf(
        new Map([
          ["a", ["b"]],
          ["b", ["c"]],
          ["c", ["a"]],
        ]),
      ),
    ).toEqual(["a → b → c → a"]);
  });

  test("pure rooms import no I/O", () => {
    const io =
      /^(?:node:)?(?:fs|child_process|net|http|https|http2|tls|dgram|dns|os|process|worker_threads|cluster|readline|tty|timers|perf_hooks|inspector|v8|vm)(?:\/|$)|^(?:execa|better-sqlite3|node-pty|inquirer|commander)$/;
    const wrong = inPureRooms.flatMap(({ path, imports }) =>
      imports.filter((name) => io.test(name)).map((name) => `${path}: ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  test("pure rooms have no clock and no chance", () => {
    const impure =
      /\bDate\.now\b|\bnew Date(?:\(\s*\)|(?!\s*\())|(?<!new )\bDate\(|\bMath\.random\b|\bperformance\.now\b|\brandomUUID\b|\brandomBytes\b|\bsetTimeout\b|\bsetInterval\b|\bprocess\b/g;
    expect(found(impure, inPureRooms)).toEqual([]);
  });

  test("folders are nouns of the domain, three deep at most", () => {
    const folders = new Set(kept.filter((path) => /^(?:src|test)\//.test(path)).map((path) => dirname(path)));
    const named = [...folders].filter((folder) =>
      folder.split("/").some((part) => NO_FOLDERS.includes(part)),
    );
    expect(named).toEqual([]);
    expect(
      [...folders].filter((folder) => folder.startsWith("src/") && folder.split("/").length > 4),
    ).toEqual([]);
  });

  test("the top level holds what it may", () => {
    const top = new Set(kept.map((path) => path.split("/")[0] ?? ""));
    expect([...top].filter((name) => !name.startsWith(".") && !TOP_LEVEL.includes(name))).toEqual([]);
  });
});

describe("only where it belongs", () => {
  test("the environment is read in config.ts", () => {
    expect(
      found(/\bprocess\s*\.\s*env\b|\bprocess\s*\[|\benv\s*\}\s*=\s*process\b/g, outside("config.ts")),
    ).toEqual([]);
  });

  test("the process is ended in cli/", () => {
    const endings = /\bprocess\s*\.\s*(?:exit|abort|reallyExit)\s*\(|\bprocess\.exitCode\b/g;
    expect(found(endings, outside("cli"))).toEqual([]);
  });

  test("the console is used in cli/ and repl/", () => {
    expect(found(/\bconsole\s*\.\s*\w+/g, outside("cli", "repl"))).toEqual([]);
  });

  test("nothing is run through a shell", () => {
    expect(
      found(
        /\bshell\s*:\s*(?!false\b)\w+/g,
        sources.filter(({ imports }) => imports.some((name) => /execa|child_process/.test(name))),
      ),
    ).toEqual([]);
    const shells =
      /\bimport\b[^;]*\b(?:exec|execSync)\b[^;]*\bfrom\s*["'](?:node:)?child_process["']|\bexecaCommand\w*|\bexecaSync\b/g;
    expect(found(shells, sources, "text")).toEqual([]);
    expect(found(/\beval\s*\(|\bnew\s+Function\b/g, sources)).toEqual([]);
  });

  test("keys are sent by the typing of the tmux room alone, text never as keys", () => {
    const senders = sources.filter(({ text }) =>
      stripped(text, { comments: true, strings: false }).includes("send-keys"),
    );
    expect(senders.map(({ path }) => path).filter((path) => !path.startsWith("workers/tmux/"))).toEqual([]);
    expect(found(/send-keys[^"'`;]*\s-\w*l/g, sources, "text")).toEqual([]);
  });

  test("text reaches tmux as a buffer from a private file or a quoted word, and the server runs nothing built from it", () => {
    const users = (word: RegExp): string[] =>
      sources
        .filter(({ text }) => word.test(stripped(text, { comments: true, strings: false })))
        .map(({ path }) => path);
    const typing = "workers/tmux/typing.ts";
    expect(users(/load-buffer|paste-buffer|set-buffer|run-shell|if-shell -b|send-keys/)).toEqual([typing]);
    expect(users(/pipe-pane/)).toEqual(["workers/tmux/output-pipe.ts", "workers/tmux/terminal.ts"]);
    const text = sources.find(({ path }) => path === typing)?.text ?? "";
    // What is typed is a file of ours or a quoted word on the control client's input, never an argument of a process.
    expect(text.match(/\bload-buffer [^`]*`/g)).toEqual([
      "load-buffer -b ${buffer} ${quoted(pathLiteral(file, false))}`",
    ]);
    expect(text.match(/\bset-buffer [^`]*`/g)).toEqual([
      "set-buffer -b ${buffer} ${quoted(typing.paste)}`",
      "set-buffer -b ${buffer} ${quoted(bytes)}`",
    ]);
    expect(
      sources.filter(({ code }) => /\bexeca\([^)]*\bpaste\b/.test(code)).map(({ path }) => path),
    ).toEqual([]);
    expect(text).toContain("createPrivateFile(file, typing.paste");
    expect(found(/["'`](?:ba|da|z)?sh["'`]\s*,\s*\[?\s*["'`]-\w*c\b/g, sources, "text")).toEqual([]);
  });
});

describe("what touches the outside", () => {
  /** Programs of their own: what breaks there is an agent, or a terminal's hand-over, not the manager. And the breaker. */
  const own = ["cli/rehearsal-agent.ts", "cli/attach-host.ts", "faults/fault-point.ts"];
  /** Rows that the ledger writes inside its commits, by the name it knows them by. */
  const rows: Readonly<Record<string, RegExp>> = {
    "ledger/attempt-rows.ts": /\battempts\s*\.\s*(?:insert|writeIntent|stamp|writeSession|enterAgain|end)\(/g,
    "ledger/spend-rows.ts": /\bspend\s*\.\s*book\(/g,
    "ledger/sample-rows.ts": /\bsamples\s*\.\s*(?:add|reprice)\(/g,
    "ledger/escalation-rows.ts": /\bescalations\s*\.\s*note\(/g,
    "ledger/hierarchy-rows.ts": /\bhierarchy\s*\.\s*(?:book|correct|rebuild|reported)\(/g,
    "ledger/context-rows.ts": /\bcontexts\s*\.\s*(?:apply|told)\(/g,
    "ledger/finding-rows.ts": /\bfindings\s*\.\s*(?:apply|acknowledge)\(/g,
    "ledger/invocation-booking.ts": /\binvocations\s*\.\s*(?:ended|correct|reprice)\(/g,
    "ledger/event-rows.ts":
      /\bevents\s*\.\s*(?:insert|addKey|cameAgain|addFate|delivered|end|revive|drop|move|expire|prune)\(/g,
    "ledger/wake-rows.ts": /\bwakes\s*\.\s*(?:insert|write)\(/g,
    "ledger/draft-rows.ts": /\bdrafts\s*\.\s*(?:insert|edit|prioritize|hold|cap|clear)\(/g,
    "ledger/move-rows.ts": /\bmoves\s*\.\s*move\(/g,
    "ledger/reservation-rows.ts": /\breservations\s*\.\s*(?:open|close|extend)\(/g,
    "ledger/outcome-rows.ts": /\boutcomes\s*\.\s*count\(/g,
    "ledger/child-rows.ts": /\bchildren\s*\.\s*add\(/g,
    "ledger/likeness-rows.ts": /\blikeness\s*\.\s*(?:add|change)\(/g,
    "ledger/report-rows.ts": /\breports\s*\.\s*add\(/g,
    "ledger/repricing.ts": /(?<!function )\brepriceAll\(/g,
  };

  test("stands at a fault point, so that a test can break it there", () => {
    const looked = sources.filter(({ path }) => !own.includes(path) && !(path in rows));
    expect(looked.flatMap((file) => uncovered(file, effectsIn(file)))).toEqual([]);
    const written = Object.values(rows).flatMap((calls) =>
      sources
        .filter(({ path }) => !(path in rows))
        .flatMap((file) => uncovered(file, placesOf(file.code, calls))),
    );
    expect(written).toEqual([]);
  });

  test("is found by this test wherever it hides", () => {
    const seen = (code: string) => {
      const file = { path: "x.ts", text: code, code, imports: importsOf(code), loads: [] };
      return uncovered(file, effectsIn(file));
    };
    const fs = 'import { rmSync, openSync as open } from "node:fs";\n';
    expect(seen(`${fs}rmSync("a");`)).toHaveLength(1);
    expect(seen(`${fs}open("a", O_CREAT);`)).toHaveLength(1);
    expect(seen(`${fs}GONE.pass(() => rmSync("a"));`)).toEqual([]);
    expect(seen(`${fs}function gone() {\n  rmSync("a");\n}\nGONE.pass(() => gone());`)).toEqual([]);
    expect(seen(`${fs}function gone() {\n  rmSync("a");\n}\nGONE.pass(() => gone());\ngone();`)).toHaveLength(
      1,
    );
    expect(seen(`${fs}export function gone() {\n  rmSync("a");\n}\nGONE.pass(() => gone());`)).toHaveLength(
      1,
    );
    expect(seen('import * as fs from "node:fs";\nfs.rmSync("a");')).toHaveLength(1);
    expect(seen('import { execa } from "execa";\nawait execa("tmux");')).toHaveLength(1);
    expect(seen("db.transaction(() => 1).immediate();")).not.toEqual([]);
    expect(seen("process.kill(pid);")).toHaveLength(1);
  });
});

describe("files", () => {
  test("each says what it is for, or is small enough to be read at once", () => {
    const silent = sources.filter(
      ({ text }) => !/^(?:#![^\n]*\n)?\s*\/[*/]/.test(text) && text.split("\n").length > 30,
    );
    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  test("the library's face is short", () => {
    const face = sources.find(({ path }) => path === "index.ts");
    expect((face?.text.trimEnd().split("\n") ?? []).length).toBeLessThanOrEqual(40);
  });

  test("named exports, no any, no enum, no unfinished business", () => {
    expect(
      found(/\bexport\s+default\b|\bas\s+any\b|:\s*any\b|<any>|\b(?:const\s+)?enum\s+\w+\s*\{/g, sources),
    ).toEqual([]);
    expect(
      found(/\b(?:TODO|FIXME|XXX|HACK)\b|@ts-(?:ignore|nocheck|expect-error)/g, sources, "text"),
    ).toEqual([]);
  });

  test("the source speaks for itself: no ids of documents", () => {
    expect(found(/\b(?:S[0-3]-\d\d|C-\d\d|[RAFU]\d{2}:)/g, sources, "text")).toEqual([]);
  });

  test("nothing names one machine, one person's folders or a registry", () => {
    // Put together here, so that this file does not name them either.
    const registries = [
      ["registry", "npmjs"],
      ["registry", "yarnpkg"],
      ["npm", "pkg", "github"],
    ].map((parts) => parts.join("."));
    const machines = [
      ["", "work", ""],
      ["", "root", ""],
      ["", "Users", ""],
    ].map((parts) => parts.join("/"));
    // The lock file names where npm found each package; npm writes it.
    const files = kept
      .filter((path) => /\.(?:[mc]?[jt]s|json|sh|md|ya?ml)$|^\.ci\/run$/.test(path))
      .filter((path) => path !== "package-lock.json" && !path.startsWith("test/fixtures/"));
    const wrong = files.flatMap((path) => {
      const text = readFileSync(join(root, path), "utf8");
      return [...registries, ...machines]
        .filter((word) => text.includes(word))
        .map((word) => `${path}: ${word}`);
    });
    expect(wrong).toEqual([]);
  });

  test("a test stands at the path of what it tests", () => {
    const places = new Set([
      "house",
      ...sources
        .flatMap(({ path }) => [path.replace(/\.ts$/, ""), dirname(path)])
        .filter((place) => place !== "."),
    ]);
    const stray = kept
      .filter((path) => /^test\/.*\.test\.ts$/.test(path) && !/^test\/(?:e2e|attacks|scripts)\//.test(path))
      .map((path) => path.replace(/^test\//, "").replace(/\.test\.ts$/, ""))
      .filter((path) => !places.has(path) && !places.has(dirname(path)));
    expect(stray).toEqual([]);
  });
});

/** What changes a file, by the names node:fs gives it. Opening counts where it creates. */
const FILE_WRITERS =
  /^(?:writeFile|writev?|appendFile|rename|rm|rmdir|unlink|mkdir|mkdtemp|copyFile|cp|f?truncate|[fl]?chmod|[fl]?chown|[fl]?utimes|symlink|link|fsync|fdatasync|createWriteStream)(?:Sync)?$/;
const CREATES = /\bO_CREAT\b|["'][aw]x?\+?["']/;
const OTHER_EFFECTS =
  /(?<![.#\w])(?<!(?:async|function) )(?<!\n {2})(?:execa|execFile|spawn|fork)\(|\bprocess\s*\.\s*kill\(|\bnew\s+Database\(|\.transaction\(|\bdb\s*\.\s*exec\(|\.stdin\.write\(|\.listen\(/g;

/** Where the code of a file changes something outside of the process. */
function effectsIn({ path, text, code }: Source): number[] {
  const imported = [...text.matchAll(/\bimport\s*\{([^}]*)\}\s*from\s*"node:fs(?:\/promises)?"/g)]
    .flatMap(([, names = ""]) => names.split(","))
    .map((name) =>
      name
        .replace(/^\s*type\s.*$/, "")
        .trim()
        .split(/\s+as\s+/),
    )
    .map(([name = "", local = name]) => ({ name, local }));
  const writers = imported.filter(({ name }) => FILE_WRITERS.test(name)).map(({ local }) => local);
  const openers = imported.filter(({ name }) => /^open(?:Sync)?$/.test(name)).map(({ local }) => local);
  const whole = /\bimport\s*(?:\*\s*as\s+\w+|\w+)\s*from\s*"node:fs(?:\/promises)?"/g;
  const opened = openers.flatMap((local) => placesOf(code, new RegExp(`(?<![.\\w])${local}\\(`, "g")));
  return [
    ...writers.flatMap((local) => placesOf(code, new RegExp(`(?<![.\\w])${local}\\(`, "g"))),
    // Strings are blank in the code, so how it opens stands in the text.
    ...opened.filter((at) => CREATES.test(argumentsAt(code, at)) || CREATES.test(openingIn(text, code, at))),
    ...placesOf(code, OTHER_EFFECTS),
    ...(path.startsWith("ledger/") ? placesOf(code, /\.run\(/g) : []),
    ...placesOf(text, whole).map(() => 0),
  ];
}

/** The same call in the text, whose strings are still there. */
function openingIn(text: string, code: string, at: number): string {
  const call = /^\w+\(/.exec(code.slice(at))?.[0] ?? "";
  const before = code.slice(0, at).split(call).length - 1;
  return text.split(call)[before + 1]?.split(";", 1)[0] ?? "";
}

function placesOf(code: string, pattern: RegExp): number[] {
  return [...code.matchAll(pattern)].map(({ index }) => index);
}

/** What stands between the parentheses of the call that begins here. */
function argumentsAt(code: string, at: number): string {
  const open = code.indexOf("(", at);
  let depth = 0;
  for (let i = open; i < code.length; i += 1) {
    if (code[i] === "(") depth += 1;
    else if (code[i] === ")" && (depth -= 1) === 0) return code.slice(open + 1, i);
  }
  return code.slice(open + 1);
}

/** Those places that neither stand in a passing of a fault point nor in a private function that is only called there. */
function uncovered(file: Source, places: readonly number[]): string[] {
  const { code, path } = file;
  const passings = placesOf(
    code,
    /\.pass(?:Async)?\(|(?:#transaction|\bwritten)\((?=\s*(?:[A-Z]+|commit)\b)/g,
  ).map((at) => {
    const from = code.indexOf("(", at);
    return { from, to: from + argumentsAt(code, at).length + 1 };
  });
  const isCovered = (at: number, seen: ReadonlySet<string>): boolean => {
    if (passings.some(({ from, to }) => from < at && at < to)) return true;
    const name = enclosing(code, at);
    if (name === null || seen.has(name)) return false;
    const calls = placesOf(code, new RegExp(`(?<!function\\s)(?<=[^\\w#]|^)${name}\\(`, "g")).filter(
      (call) => !/\n {2}(?:async )?$/.test(code.slice(Math.max(0, call - 12), call)),
    );
    return calls.length > 0 && calls.every((call) => isCovered(call, new Set([...seen, name])));
  };
  const lineOf = (at: number): string =>
    /[^\n]*/.exec(code.slice(code.lastIndexOf("\n", at) + 1))?.[0].trim() ?? "";
  return places.filter((at) => !isCovered(at, new Set())).map((at) => `${path}: ${lineOf(at)}`);
}

/** The private function or method this place stands in; null where it is one that others call too, or none. */
function enclosing(code: string, at: number): string | null {
  const heads =
    /^(export )?(?:async )?function (\w+)|^ {2}(?:static )?(?:async )?(#?\w+)(?=[<(][^\n]*\{$|\($)/gm;
  const head = [...code.slice(0, at).matchAll(heads)].at(-1);
  if (head === undefined || head[1] !== undefined) return null;
  const name = head[2] ?? head[3] ?? "";
  return head[2] !== undefined || name.startsWith("#") ? name : null;
}

/** Each ring once, as "a → b → a", beginning with its first name. */
function ringsOf(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const rings = new Set<string>();
  const done = new Set<string>();
  const walk = (node: string, way: readonly string[]): void => {
    const at = way.indexOf(node);
    if (at >= 0) rings.add([...fromLeast(way.slice(at))].join(" → "));
    if (at >= 0 || done.has(node)) return;
    for (const next of graph.get(node) ?? []) walk(next, [...way, node]);
    done.add(node);
  };
  for (const node of graph.keys()) walk(node, []);
  return [...rings];
}

function fromLeast(ring: readonly string[]): string[] {
  const least = ring.indexOf([...ring].sort()[0] ?? "");
  const turned = [...ring.slice(least), ...ring.slice(0, least)];
  return [...turned, turned[0] ?? ""];
}
