/** `doctor`: what is there, what is not, and what to do about it. */
import * as z from "zod";
import { renderDoctor, worstVerdict, type DoctorReport } from "../reports/doctor.ts";
import { defineCommand } from "./command.ts";

const schema = z.strictObject({});

export const doctor = defineCommand<z.output<typeof schema>, DoctorReport>({
  name: "doctor",
  group: "Program",
  summary: "Check tmux, agents, folders, clock, database and limits",
  examples: ["doctor"],
  needs: "ledger",
  schema,
  run: (app) => app.doctor(),
  isBad: (report) => worstVerdict(report) === "fail",
  render: (report, paper) => renderDoctor(report, paper),
});
