/** `doctor`: what is there, what is not, and what to do about it. */
import * as z from "zod";
import { renderDoctor, worstVerdict, type DoctorReport } from "../reports/doctor.ts";
import { defineCommand } from "./command.ts";

// What mends the database is the face's: no manager may run meanwhile.
const schema = z.strictObject({ repair: z.boolean().optional(), yes: z.boolean().optional() });

export const doctor = defineCommand<z.output<typeof schema>, DoctorReport>({
  name: "doctor",
  group: "Program",
  summary: "Check tmux, agents, folders, clock, database and limits",
  options: [
    { flags: "--repair", summary: "Mend a database that does not open, from a backup, after asking" },
    { flags: "-y, --yes", summary: "With --repair: do not ask" },
  ],
  examples: ["doctor", "doctor --repair"],
  notes: ["`--repair` needs that no manager runs. A damaged file is moved aside, never changed or removed."],
  needs: "ledger",
  schema,
  run: (app) => app.doctor(),
  isBad: (report) => worstVerdict(report) === "fail",
  render: (report, paper) => renderDoctor(report, paper),
});
