import { expect, test } from "vitest";
import { CtmError } from "../../../src/base/errors.ts";
import { TmuxConnection } from "../../../src/workers/tmux/connection.ts";
import { typeOnce } from "../../../src/workers/tmux/typing.ts";
import { startRecorder, TEST_ENV, testServer } from "../../support/tmux-server.ts";
import { waitFor } from "../../support/wait-for.ts";

const loops = Number(process.env["CTM_KILL_LOOPS"] ?? 30);
const seed = Number(process.env["CTM_SEED"] ?? 7);

/** A small generator of its own, so that a failing run can be repeated by its seed. */
function random(from: number): () => number {
  let state = from >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function spin(microseconds: number): void {
  const end = process.hrtime.bigint() + BigInt(Math.floor(microseconds * 1_000));
  while (process.hrtime.bigint() < end);
}

test(`F5 killed at any instant: mark, whole text and Enter go together (seed ${seed}, ${loops} kills)`, async ({
  annotate,
}) => {
  const server = await testServer();
  const recorder = await startRecorder(server);
  const { pane } = recorder;
  const next = random(seed);
  const tally = { typed: 0, nothing: 0 };
  let previousAttempt = "";
  let length = 0;
  for (let i = 0; i < loops; i += 1) {
    const attemptId = `k-${i}`;
    const paste = `<<${attemptId}:${"p".repeat([10, 500, 5_000, 60_000][Math.floor(next() * 4)] ?? 10)}:${attemptId}>>`;
    const connection = await TmuxConnection.open({
      address: { kind: "own", socket: server.socket },
      session: null,
      env: TEST_ENV,
    });
    const typing = { pane, attemptId, previousAttempt, paste, bracketed: true, enterAfterMs: 10 };
    const result = typeOnce(connection, { path: server.pasteDir }, typing).catch((error: unknown) => {
      if (!(error instanceof CtmError)) throw error;
    });
    // typeOnce has written its line by now, at most; the server works on it while we wait to kill our client.
    await new Promise((resolve) => setImmediate(resolve));
    spin(next() * 1_500);
    process.kill(connection.clientPid ?? 0, "SIGKILL");
    await result;
    await connection.closed;

    // A later act of the same server shows that everything before it is over.
    const witness = await server.terminal.witness(pane);
    const typed = witness?.mark === attemptId;
    if (typed)
      await waitFor(
        `the Enter of ${attemptId}`,
        async () => (await server.terminal.witness(pane))?.entered === attemptId,
      );
    const expected = typed ? `\u001b[200~${paste}\u001b[201~\r` : "";
    const sentinel = `S${i};`;
    await server.terminal.typeText(pane, { paste: sentinel, bracketed: false, enterAfterMs: null });
    await waitFor("the sentinel", async () => (await recorder.text()).endsWith(sentinel));
    const recorded = await recorder.text();
    expect(recorded.slice(length), `kill ${i}, seed ${seed}`).toBe(expected + sentinel);
    length = recorded.length;
    if (typed) previousAttempt = attemptId;
    tally[typed ? "typed" : "nothing"] += 1;
  }
  await annotate(JSON.stringify(tally));
});
