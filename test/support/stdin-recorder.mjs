// Loaded before an agent's program: writes down every byte that program reads, as <folder>/<pid>.typed.
import { appendFileSync } from "node:fs";
import { join } from "node:path";

const file = join(process.env["RECORD_FOLDER"], `${process.pid}.typed`);
const { stdin } = process;
const listen = stdin.on.bind(stdin);
stdin.on = (event, listener) => {
  if (event === "data") listen("data", (chunk) => appendFileSync(file, chunk));
  return listen(event, listener);
};
