/** `restore`: a backup in the ledger's place. The face runs it: no manager may. */
import { resolve } from "node:path";
import * as z from "zod";
import { defineCommand } from "./command.ts";
import { filePath } from "./words.ts";

const schema = z.strictObject({ file: filePath, yes: z.boolean().optional() });

export const restore = defineCommand<z.output<typeof schema>, null>({
  name: "restore",
  group: "Program",
  summary: "Put a backup in the ledger's place, with no manager running",
  arguments: [{ name: "file", kind: "file", required: true, many: false }],
  options: [{ flags: "-y, --yes", summary: "Do not ask" }],
  examples: ["restore friday.sqlite"],
  notes: [
    "The backup is checked first. What is there now is moved aside, never overwritten.",
    "What happened after the backup was made is not in it: tasks added, ended or paid for since then.",
  ],
  needs: "nothing",
  face: "repair",
  schema,
  prepare: (raw, { cwd }) => {
    const { file } = raw;
    return typeof file === "string" ? { ...raw, file: resolve(cwd, file) } : raw;
  },
  render: () => [],
});
