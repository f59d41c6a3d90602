// Loaded before a program of the product; at SIGUSR2 it does what TROUBLE says, and writes TROUBLE_DONE when it is over:
// `block:MS` keeps the event loop from everything else, `later:MS` lets both clocks have gone on meanwhile.
import { writeFileSync } from "node:fs";

const [kind, amount = "0"] = (process.env["TROUBLE"] ?? "").split(":");
const ms = Number(amount);

function block() {
  const never = new Int32Array(new SharedArrayBuffer(4));
  Atomics.wait(never, 0, 0, ms);
}

function later() {
  for (const clock of [Date, performance]) {
    const now = clock.now.bind(clock);
    clock.now = () => now() + ms;
  }
}

process.on("SIGUSR2", () => {
  if (kind === "block") block();
  else later();
  writeFileSync(process.env["TROUBLE_DONE"] ?? "", "");
});
