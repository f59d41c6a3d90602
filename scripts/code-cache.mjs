// Puts beside a bundled program what V8 has made of it once it ran: `code-cache.mjs FILE PLACE` writes
// FILE.cache, in which the file has the name that it will have at its place.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { constants, Script } from "node:vm";

const [, , file, place] = process.argv;
const script = new Script(readFileSync(file, "latin1"), {
  filename: place,
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
});
const made = { exports: {} };
script.runInThisContext()(made.exports, createRequire(file), made, file);
// What most calls come to: a ledger is opened, and the queue shown.
const code = await made.exports.runProgram(["--state-dir", "state", "tasks"]);
if (code === 0) writeFileSync(`${file}.cache`, script.createCachedData());
process.exit(code);
