// A program in a pane that writes down every byte it is given: raw mode, bracketed paste if asked for.
// Called as: recorder.mjs <file> [bracketed]
import { appendFileSync, writeSync } from "node:fs";

const [file, bracketed] = process.argv.slice(2);
process.stdin.setRawMode(true);
process.stdin.on("data", (bytes) => appendFileSync(file, bytes));
writeSync(1, `${bracketed === "bracketed" ? "\u001b[?2004h" : ""}READY\r\n`);
