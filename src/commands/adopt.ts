/** `adopt`: takes over a session that a person started by hand. */
import * as z from "zod";
import { renderWorkers, type WorkerRow } from "../reports/workers-table.ts";
import { WORKER_ROLES } from "./coordinate.ts";
import { defineCommand } from "./command.ts";
import { choice, folder, label, orNull } from "./words.ts";

const schema = z.strictObject({
  session: label.optional(),
  socket: orNull(folder),
  role: orNull(choice("role", WORKER_ROLES)),
});

type Adopted = { readonly adopted: WorkerRow } | { readonly adoptable: string[] };

export const adopt = defineCommand<z.output<typeof schema>, Adopted>({
  name: "adopt",
  group: "Workers",
  summary: "Take over a tmux session started by hand",
  arguments: [{ name: "session", kind: "word", required: false, many: false }],
  options: [
    { flags: "--socket <path>", summary: "Its tmux server (default: your own)", kind: "file" },
    {
      flags: "--role <role>",
      summary: "coordinator: it gets no tasks, its tokens are coordination",
      choices: WORKER_ROLES,
    },
  ],
  examples: ["adopt", "adopt concurrent_worker1", "adopt lead --role coordinator"],
  notes: ["Without a name it lists what could be adopted. An adopted session is never ended by us."],
  needs: "manager",
  schema,
  run: async (app, { session, socket, role }) =>
    session === undefined
      ? { adoptable: await app.fleet.adoptable() }
      : { adopted: await app.fleet.adopt(session, socket, role ?? "worker") },
  render: (result, paper) =>
    "adopted" in result ? renderWorkers([result.adopted], paper) : adoptableLines(result.adoptable),
});

function adoptableLines(names: readonly string[]): string[] {
  if (names.length === 0) return ["No session named concurrent_worker* runs on your own tmux server."];
  return [`Could be adopted: ${names.join(", ")}`, "`adopt NAME` takes one over."];
}
