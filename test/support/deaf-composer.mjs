// A program in a pane that shows what it is given in a composer, and sends it off at Enter - but for the first few.
// Called as: deaf-composer.mjs <file for every byte> <how many Enters it swallows>
import { appendFileSync, writeSync } from "node:fs";

const [file, swallows] = process.argv.slice(2);
let left = Number(swallows);
let composer = "";
let status = "ready";

function draw() {
  writeSync(1, `\u001b[2J\u001b[H> ${composer}\r\n${status}\r\n`);
}

process.stdin.setRawMode(true);
process.stdin.on("data", (bytes) => {
  appendFileSync(file, bytes);
  for (const part of bytes.toString("utf8").split(/(\r)/)) {
    if (part !== "\r") composer += part.replaceAll("\u001b[200~", "").replaceAll("\u001b[201~", "");
    else if (left > 0) left -= 1;
    else if (composer !== "") {
      composer = "";
      status = "working";
    }
  }
  draw();
});
writeSync(1, "\u001b[?2004h");
draw();
