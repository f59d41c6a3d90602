/** `backup`: a checked copy of the ledger, made while everything goes on. */
import { resolve } from "node:path";
import * as z from "zod";
import type { BackupFacts } from "../ledger/backup.ts";
import { count } from "../reports/numbers.ts";
import { defineCommand } from "./command.ts";
import { filePath } from "./words.ts";

const schema = z.strictObject({ file: filePath.optional() });

export const backup = defineCommand<z.output<typeof schema>, BackupFacts>({
  name: "backup",
  group: "Program",
  summary: "Copy the ledger to a file, checked, whatever runs meanwhile",
  arguments: [{ name: "file", kind: "file", required: false, many: false }],
  examples: ["backup", "backup friday.sqlite"],
  notes: [
    "Without a file it goes into the folder `backups` beside the ledger. A file that is there is not overwritten.",
    "`ctm restore FILE` puts it back. Before the shape of the ledger changes, one is made by itself.",
  ],
  needs: "ledger",
  schema,
  prepare: (raw, { cwd }) => {
    const { file } = raw;
    return typeof file === "string" ? { ...raw, file: resolve(cwd, file) } : raw;
  },
  run: (app, { file }) => app.backUp(file ?? null),
  render: ({ file, bytes, tasks }) => [
    `Backed up ${count(tasks)} tasks (${count(Math.ceil(bytes / 1024))} KiB) to ${file}`,
  ],
});
