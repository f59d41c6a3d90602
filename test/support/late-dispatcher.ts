/**
 * A dispatcher that is a process of its own: `late-dispatcher.ts SOCKET PASTE_FOLDER PANE`. It connects, says `ready`,
 * waits for a line of input, types the attempt a-1 and prints what came of it.
 */
import { once } from "node:events";
import type { PaneIdentity } from "../../src/workers/tmux/pane-identity.ts";
import { Terminal } from "../../src/workers/tmux/terminal.ts";
import { TEST_ENV } from "./test-env.ts";

const [socket = "", pasteDir = "", pane = ""] = process.argv.slice(2);
const address = { kind: "own", socket } as const;
const terminal = await Terminal.open({ address, session: null, env: TEST_ENV, pasteDir });
console.log("ready");
await once(process.stdin, "data");
const result = await terminal.type({
  pane: JSON.parse(pane) as PaneIdentity,
  attemptId: "a-1",
  previousAttempt: "",
  paste: "text of a-1",
  bracketed: true,
  enterAfterMs: 10,
});
console.log(JSON.stringify(result));
await terminal.close();
process.stdin.destroy();
