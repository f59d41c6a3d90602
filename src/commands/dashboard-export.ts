/** `dashboard export`: a copy of the pages that works from files alone. */
import { resolve } from "node:path";
import * as z from "zod";
import { CtmError } from "../base/errors.ts";
import { count } from "../reports/numbers.ts";
import { defineCommand, type PagesExported } from "./command.ts";
import { fit } from "./render.ts";
import { filePath } from "./words.ts";

const schema = z.strictObject({ folder: filePath });

export const dashboardExport = defineCommand<z.output<typeof schema>, PagesExported>({
  name: "dashboard export",
  group: "Program",
  summary: "Write the pages as one file that works without a server",
  arguments: [{ name: "folder", kind: "file", required: true, many: false }],
  notes: [
    "The folder is new, empty, or holds an earlier export; it becomes private (0700). The file is a copy of this moment:",
    "it says when it was written, does not change, can do nothing and calls nobody. It holds the newest 500 tasks of each",
    "list, the stories of about 200, and of what looks like a key only the kind. It shows what is yours: prompts, answers,",
    "names of files. Workers are in it where a manager runs and serves its dashboard.",
  ],
  examples: ["dashboard export ctm-friday"],
  needs: "nothing",
  schema,
  prepare: (raw, { cwd }) => {
    const { folder } = raw;
    return typeof folder === "string" ? { ...raw, folder: resolve(cwd, folder) } : raw;
  },
  runAlone: ({ folder }, caller) => {
    if (caller.exportPages !== undefined) return caller.exportPages(folder);
    throw new CtmError("refused", "`dashboard export` is for a terminal");
  },
  render: ({ file, bytes, stories, from }, paper) => [
    // Never cut: a path that is not whole leads nowhere.
    `Written: ${file}`,
    fit(`${count(Math.ceil(bytes / 1024))} KiB, the stories of ${count(stories)} tasks.`, paper),
    ...(from === "manager" ? [] : [fit("No manager serves a dashboard: there are no workers in it.", paper)]),
  ],
});
