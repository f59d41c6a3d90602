// Puts beside a bundled program what V8 has made of it once it ran: `code-cache.mjs FILE PLACE FUNCTION WORD…` writes
// FILE.cache, in which the file has the name that it will have at its place.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { constants, Script } from "node:vm";

const [, , file, place, run, ...words] = process.argv;
const script = new Script(readFileSync(file, "latin1"), {
  filename: place,
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
});
const made = { exports: {} };
script.runInThisContext()(made.exports, createRequire(file), made, file);
const code = await made.exports[run](["--state-dir", "state", ...words]);
if (code === 0) writeFileSync(`${file}.cache`, script.createCachedData());
process.exit(code);
