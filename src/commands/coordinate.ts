/** `coordinate` and `workers role`: sessions whose tokens are coordination, read from their own records. */
import * as z from "zod";
import type { Coordinator } from "../ledger/coordinator-rows.ts";
import { RECORDED_AGENTS } from "../transcripts/formats.ts";
import { defineCommand } from "./command.ts";
import { fit } from "./render.ts";
import * as words from "./words.ts";

/** What a worker is for. */
export const WORKER_ROLES = ["worker", "coordinator"] as const;

const role = z.strictObject({ worker: words.workerName, role: words.choice("role", WORKER_ROLES) });

export const workersRole = defineCommand<z.output<typeof role>, { worker: string; role: string }>({
  name: "workers role",
  group: "Workers",
  summary: "Let a worker coordinate (it gets no tasks), or work again",
  arguments: [
    { name: "worker", kind: "worker", required: true, many: false },
    { name: "role", kind: "word", required: true, many: false, choices: WORKER_ROLES },
  ],
  examples: ["workers role w3 coordinator", "workers role w3 worker"],
  needs: "manager",
  schema: role,
  run: (app, input) => ({ worker: app.fleet.setRole(input.worker, input.role), role: input.role }),
  render: ({ worker, role: now }, paper) => [
    fit(
      now === "coordinator"
        ? `${worker} coordinates: it gets no tasks, and what it uses from now on is coordination.`
        : `${worker} is a worker again: it gets tasks.`,
      paper,
    ),
  ],
});

const session = z.strictObject({
  agent: words.agentName,
  session: z.string().regex(/^[\w-]{4,80}$/, "a session's id has 4 to 80 letters, digits and hyphens"),
  record: words.orNull(words.filePath),
  end: words.flag,
  sinceMs: words.orNull(z.int().nonnegative()),
});

export const coordinate = defineCommand<z.output<typeof session>, Coordinator>({
  name: "coordinate",
  group: "Workers",
  summary: "Count what a session of your own uses as coordination",
  arguments: [
    { name: "agent", kind: "word", required: true, many: false, choices: RECORDED_AGENTS },
    { name: "session", kind: "word", required: true, many: false },
  ],
  options: [
    {
      flags: "--record <file>",
      summary: "Where its record lies, where that cannot be told from its id",
      kind: "file",
    },
    { flags: "--end", summary: "It coordinates no more" },
  ],
  notes: ["`ctm mcp` says so by itself of the agent that started it."],
  examples: ["coordinate claude 1f0c9a52-7d2e-4b53-9a52-7d2e4b53aaaa"],
  needs: "ledger",
  schema: session,
  run: (app, input) => app.fleet.coordinate(input),
  render: ({ name, untilMs }, paper) => [
    fit(untilMs === null ? `${name} coordinates.` : `${name} coordinates no more.`, paper),
  ],
});
