/** `init`: writes a configuration file that explains itself. */
import { join } from "node:path";
import * as z from "zod";
import { INIT_CONFIG } from "../init-config.ts";
import { createPrivateFile } from "../ledger/state-folder.ts";
import { defineCommand } from "./command.ts";

const schema = z.strictObject({});

export const init = defineCommand<z.output<typeof schema>, { file: string }>({
  name: "init",
  group: "Program",
  summary: "Write a commented ctm.yaml into this folder",
  examples: ["init"],
  notes: [
    "All of it is commented out: the defaults hold until a line is changed. A file that is there stays.",
  ],
  needs: "nothing",
  schema,
  runAlone: (_input, { cwd }) => ({ file: writeConfig(join(cwd, "ctm.yaml")) }),
  render: ({ file }) => [`Written: ${file}`],
});

function writeConfig(file: string): string {
  createPrivateFile(file, INIT_CONFIG);
  return file;
}
