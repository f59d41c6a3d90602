/** What stands above the first prompt. */
import type { CommandHost } from "../commands/host.ts";
import { oneLine } from "../reports/cells.ts";
import { paintFor } from "../reports/paint.ts";
import type { Paper } from "../reports/paper.ts";
import type { DispatchMode, StatusModel } from "../reports/status-model.ts";

/** `ctm 0.1.0   3 workers (claude)   auto: off   help lists the commands`, and what must be known beside it. */
export function banner(
  version: string,
  role: CommandHost["role"],
  status: StatusModel,
  paper: Paper,
): string[] {
  const agents = [...new Set(status.workers.map(({ agent }) => agent))];
  const count = status.workers.length;
  const fleet = `${count} ${count === 1 ? "worker" : "workers"}${count === 0 ? "" : ` (${agents.join(", ")})`}`;
  const client = role === "client" ? ["client of the manager that runs"] : [];
  const paint = paintFor(paper);
  return [
    [`ctm ${version}`, fleet, modeWords(status.mode), ...client, "`help` lists the commands"].join("   "),
    ...status.notices.map((notice) => paint.warn(oneLine(notice))),
  ];
}

function modeWords(mode: DispatchMode): string {
  switch (mode.kind) {
    case "auto":
      return "auto: on";
    case "manual":
      return "auto: off";
    case "paused":
      return "paused";
    case "stopped":
      return "stopped";
    case "offline":
      return "offline";
    default:
      return mode satisfies never;
  }
}
