// Bundles the product into dist/: one entry per process, shared code split off, native modules left outside.
import { readdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const flags = new Set(process.argv.slice(2));

let esbuild;
try {
  esbuild = await import("esbuild");
} catch (error) {
  // Installed without development packages: dist/ came with the package.
  if (flags.has("--if-possible")) process.exit(0);
  throw error;
}

const result = await esbuild.build({
  absWorkingDir: root,
  entryPoints: {
    ctm: "src/cli/main.ts",
    "rehearsal-agent": "src/cli/rehearsal-agent.ts",
    "attach-host": "src/cli/attach-host.ts",
    index: "src/index.ts",
  },
  outdir: "dist",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  packages: "bundle",
  external: ["better-sqlite3", "node-pty"],
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
  sourcemap: true,
  metafile: true,
  logLevel: "warning",
});
// What an earlier build left is removed only now: a program that runs meanwhile finds its files.
const written = new Set(Object.keys(result.metafile.outputs).map((path) => basename(path)));
for (const name of readdirSync(join(root, "dist"))) {
  if (!written.has(name)) rmSync(join(root, "dist", name), { recursive: true, force: true });
}
if (!flags.has("--quiet") && !flags.has("--if-possible")) {
  const bytes = Object.values(result.metafile.outputs).reduce((sum, output) => sum + output.bytes, 0);
  console.log(`dist: ${Object.keys(result.metafile.outputs).length} files, ${Math.round(bytes / 1024)} KiB`);
}
