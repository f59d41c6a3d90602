// Bundles the product into dist/: one entry per process, shared code split off, native modules left outside.
//   --if-stale      nothing is done when dist/ is newer than everything it is made of
//   --if-possible   nothing is done where the development packages are missing (dist/ came with the package)
//   --quiet         says nothing when all went well
// Built aside and put in place by renaming, one build at a time: whoever starts meanwhile finds the old or the new.
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  rmdirSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(root, "dist");
const cache = join(root, "node_modules", ".cache", "ctm-build");
const lock = join(cache, "lock");
const flags = new Set(process.argv.slice(2));

/** Programs of one file each, and the call that shows what most calls of them need. */
const PROGRAMS = {
  program: ["runProgram", "tasks"],
  "usage-program": ["runUsage", "usage", "daily"],
};

/** How everything that runs in Node is bundled. */
const BUNDLED = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  target: "node20",
  packages: "bundle",
  // Native ones, and the client of Redis: many files, for few people.
  external: ["better-sqlite3", "node-pty", "@redis/client"],
  sourcemap: true,
  logLevel: "warning",
};

/** A lock older than this was left by a build that was killed. */
const lockOldMs = 60_000;

if (flags.has("--if-stale") && isFresh()) process.exit(0);

let esbuild;
try {
  esbuild = await import("esbuild");
} catch (error) {
  if (flags.has("--if-possible")) process.exit(0);
  throw error;
}

await takeLock();
try {
  if (!(flags.has("--if-stale") && isFresh())) await build();
} finally {
  rmdirSync(lock);
}

async function build() {
  const startedMs = Date.now();
  const aside = join(cache, `new-${process.pid}`);
  const result = await bundle(aside, {
    "rehearsal-agent": "src/cli/rehearsal-agent.ts",
    "attach-host": "src/cli/attach-host.ts",
    index: "src/index.ts",
  });
  await starter(join(aside, "ctm.cjs"), "src/cli/main.ts");
  await starter(join(aside, "read-thread.cjs"), "src/transcripts/read-thread.ts");
  for (const [name, call] of Object.entries(PROGRAMS)) await program(aside, name, call);
  await pages(join(aside, "pages"));
  // Dated to the start: what was changed while it was built is newer than this.
  const mark = join(aside, ".built");
  writeFileSync(mark, "");
  utimesSync(mark, new Date(startedMs), new Date(startedMs));
  const old = join(cache, `old-${process.pid}`);
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(aside, dist);
  rmSync(old, { recursive: true, force: true });
  if (flags.has("--quiet") || flags.has("--if-possible")) return;
  const outputs = Object.values(result.metafile.outputs);
  const bytes = outputs.reduce((sum, output) => sum + output.bytes, 0);
  console.log(`dist: ${outputs.length} files, ${Math.round(bytes / 1024)} KiB`);
}

/**
 * A package whose one function is loaded when it is called first: the tables of characters that this one makes as it
 * loads take longer than all the rest of a command, and plain text needs none of them.
 */
function loadedWhenCalled(name) {
  const namespace = "loaded-when-called";
  const contents = `let loaded;
    export default (...given) => (loaded ??= require(${JSON.stringify(name)})).default(...given);`;
  return {
    name: namespace,
    setup: ({ onResolve, onLoad }) => {
      onResolve({ filter: new RegExp(`^${name}$`) }, (wanted) =>
        wanted.namespace === namespace ? undefined : { path: name, namespace },
      );
      onLoad({ filter: /^/, namespace }, () => ({ contents, resolveDir: root }));
    },
  };
}

/** Entries that share files among themselves. */
function bundle(outdir, entryPoints) {
  return esbuild.build({
    ...BUNDLED,
    entryPoints,
    outdir,
    splitting: true,
    format: "esm",
    plugins: [loadedWhenCalled("string-width")],
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
    metafile: true,
  });
}

/** A small file that starts at once: as an ES module it would take Node a sixth longer to start at all. */
function starter(outfile, module) {
  return esbuild.build({
    ...BUNDLED,
    entryPoints: [module],
    outfile,
    format: "cjs",
    define: { "import.meta.url": "__url" },
    banner: { js: '"use strict";\nconst __url = require("node:url").pathToFileURL(__filename).href;' },
  });
}

/** A program in one file that is a function of `require` and its like, and what V8 makes of it once it has run. */
async function program(outdir, name, call) {
  const file = join(outdir, `${name}.cjs`);
  await esbuild.build({
    ...BUNDLED,
    entryPoints: [`src/cli/${name}.ts`],
    outfile: file,
    format: "cjs",
    // Read as one byte a character.
    charset: "ascii",
    minifyWhitespace: true,
    define: { "import.meta.url": "__url" },
    plugins: [loadedWhenCalled("string-width")],
    banner: {
      js: '(function (exports, require, module, __filename) { const __url = require("node:url").pathToFileURL(__filename).href;',
    },
    footer: { js: "})" },
  });
  // Patterns keep their characters as they are written: what is read as one byte a character has none of those.
  const text = readFileSync(file, "utf8");
  const escaped = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  writeFileSync(file, text.replaceAll(/[^\x00-\x7f]/g, escaped));
  // It runs once where it finds nothing of a person's. What it makes only spares time: the build goes on without it.
  const place = mkdtempSync(join(tmpdir(), "ctm-build-"));
  try {
    spawnSync(
      process.execPath,
      [join(root, "scripts/code-cache.mjs"), file, join(dist, `${name}.cjs`), ...call],
      {
        cwd: place,
        env: { PATH: process.env.PATH, HOME: place, TMPDIR: place },
        stdio: "ignore",
      },
    );
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** The dashboard's pages: scripts and a style sheet for browsers, with nothing to fetch from anywhere else. */
async function pages(outdir) {
  const common = {
    absWorkingDir: root,
    outdir,
    bundle: true,
    // A script that also runs in a page opened from a file.
    format: "iife",
    platform: "browser",
    target: ["es2022", "chrome110", "firefox115", "safari16.4"],
    minify: true,
    logLevel: "warning",
  };
  await esbuild.build({
    ...common,
    entryPoints: ["src/pages/app.ts", "src/pages/first.ts", "src/pages/app.css"],
  });
  await esbuild.build({ ...common, entryPoints: ["src/pages/chart.ts"], globalName: "ctmCharts" });
  for (const file of ["index.html", "icon.svg"])
    copyFileSync(join(root, "src/pages", file), join(outdir, file));
}

function isFresh() {
  const built = statSync(join(dist, ".built"), { throwIfNoEntry: false });
  if (built === undefined) return false;
  const sources = readdirSync(join(root, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() || entry.isDirectory())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  const made = [
    ...sources,
    join(root, "src"),
    join(root, "package-lock.json"),
    fileURLToPath(import.meta.url),
  ];
  return made.every((path) => (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) < built.mtimeMs);
}

async function takeLock() {
  mkdirSync(cache, { recursive: true });
  for (;;) {
    try {
      mkdirSync(lock);
      return;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
      const heldSince = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
      if (Date.now() - heldSince > lockOldMs) rmSync(lock, { recursive: true, force: true });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
