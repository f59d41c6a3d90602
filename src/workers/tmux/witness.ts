/**
 * What a pane says was typed into it. The marks are options of the pane, set by the server in the same step as the
 * typing: they live and die with the program they speak of.
 */
import { faultPoint } from "../../faults/fault-point.ts";
import type { TmuxConnection } from "./connection.ts";
import { MARKER } from "./guard.ts";
import { requireIdentity, type PaneIdentity } from "./pane-identity.ts";

const READ = faultPoint("witness.read");

export interface Witness {
  /** What was typed last, e.g. "12-1" or "12-1.2" for the second answer within it; "" = nothing yet. */
  readonly mark: string;
  /** The attempt of that mark. */
  readonly attemptId: string;
  /** The mark whose Enter was pressed last. */
  readonly entered: string;
  /** The mark that was refused last. */
  readonly refused: string;
  /** The mark whose Enter was pressed a second time. */
  readonly enteredAgain: string;
  readonly inMode: boolean;
  readonly inputOff: boolean;
}

const FIELDS = [
  "#{@ctm_a}",
  "#{@ctm_s}",
  "#{@ctm_refused}",
  "#{@ctm_e}",
  "#{pane_in_mode}",
  "#{pane_input_off}",
];

/** Null: that program is not in that pane any more. */
export async function readWitness(connection: TmuxConnection, pane: PaneIdentity): Promise<Witness | null> {
  requireIdentity(pane);
  const ask = (format: string) => `display-message -p -t ${pane.paneId} "${format}"`;
  const replies = await connection.batch(
    [ask("#{pid} #{start_time} #{pane_id} #{pane_pid} #{pane_dead}"), ...FIELDS.map(ask)],
    READ,
  );
  // One reply a field: whatever a program wrote into an option cannot pass for another field.
  const [who, mark = "", entered = "", refused = "", enteredAgain = "", inMode, inputOff] = replies.map(
    (reply) => reply.lines.join("\n"),
  );
  if (who !== `${pane.serverPid} ${pane.serverStartTime} ${pane.paneId} ${pane.panePid} 0`) return null;
  return {
    mark,
    attemptId: MARKER.test(mark) ? (mark.split(".")[0] ?? mark) : mark,
    entered,
    refused,
    enteredAgain,
    inMode: inMode !== "0",
    inputOff: inputOff !== "0",
  };
}
