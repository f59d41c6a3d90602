/** How a turn failed, read from the rollout: the terminal stream only tells that one did. */
import { codexTurnState } from "../metering/codex-turn.ts";
import type { FailureClass, TurnFailure } from "./adapter.ts";
import { failureOfText } from "./failure-text.ts";
import { machineZone } from "./machine-zone.ts";

/** Codex's own words for an error; those that are missing here are told from the sentence. */
const CLASSES: Readonly<Record<string, FailureClass>> = {
  usage_limit_exceeded: "quota-exhausted",
  server_overloaded: "overloaded",
  internal_server_error: "overloaded",
  unauthorized: "not-logged-in",
  bad_request: "invalid-request",
  context_window_exceeded: "invalid-request",
};

/** The failure of the last turn in this text, or null when it ended well or is still running. */
export function codexTurnFailure(text: string): TurnFailure | null {
  const { turn } = codexTurnState(text, machineZone());
  if (turn.state === "aborted") {
    return {
      kind: "turn-failed",
      failure: "interrupted",
      message: "The turn was interrupted.",
      resetsAtMs: null,
    };
  }
  if (turn.state !== "failed") return null;
  const { message, code, resetsAtMs } = turn;
  return { kind: "turn-failed", failure: failureOf(code, message), message, resetsAtMs };
}

/** Codex has one word for a used-up window and for an empty account: there the sentence decides. */
function failureOf(code: string | null, message: string): FailureClass {
  const said = failureOfText(message);
  return said === "out-of-credit" ? said : (CLASSES[code ?? ""] ?? said);
}
