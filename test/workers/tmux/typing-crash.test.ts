import { expect, test } from "vitest";
import { CtmError } from "../../../src/base/errors.ts";
import { TmuxConnection } from "../../../src/workers/tmux/connection.ts";
import { typeOnce, type Typing } from "../../../src/workers/tmux/typing.ts";
import { generator } from "../../support/random.ts";
import { startRecorder, TEST_ENV, testServer, type TestServer } from "../../support/tmux-server.ts";
import { waitFor } from "../../support/wait-for.ts";

const loops = Number(process.env["CTM_KILL_LOOPS"] ?? 30);
const seed = Number(process.env["CTM_SEED"] ?? 7);
const withinMs = 60_000 + loops * 2_000;
const lengths = [10, 500, 5_000, 60_000];

test(
  `F5 killed at any instant: mark, whole text and Enter go together, and a second try types nothing twice (seed ${seed}, ${loops} kills)`,
  async ({ annotate }) => {
    await annotate(JSON.stringify(await killedWhileTyping(true)));
  },
  withinMs,
);

test(
  "negative control: without the compare-and-set the same kills type twice",
  async () => {
    await expect(killedWhileTyping(false)).rejects.toThrow(/^kill \d+, seed/);
  },
  withinMs,
);

/**
 * Types again and again with a client that is killed at a random instant. Every second time the same attempt is typed
 * anew at once, by somebody who knows nothing of the first try. Throws when the pane was given anything but each text
 * whole and once, with its Enter, where its mark says so.
 */
async function killedWhileTyping(guarded: boolean): Promise<{ typed: number; nothing: number }> {
  const server = await testServer();
  const recorder = await startRecorder(server);
  const { pane } = recorder;
  const next = generator(seed);
  const tally = { typed: 0, nothing: 0 };
  let previousAttempt = "";
  let recorded = "";
  for (let i = 0; i < loops; i += 1) {
    const attemptId = `k-${i}`;
    const paste = `<<${attemptId}:${"p".repeat(lengths[Math.floor(next() * 4)] ?? 10)}:${attemptId}>>`;
    const typing = { pane, attemptId, previousAttempt, paste, bracketed: true, enterAfterMs: 10 };
    // Most kills fall into the first moments, where the server is at work on the line; some up to 12 ms later.
    await typedAndKilled(server, typing, next() ** 3 * 12_000, guarded);
    if (i % 2 === 1) await typedAgain(server, typing, guarded);

    // A later act of the same server shows that everything before it is over.
    const typed = (await server.terminal.witness(pane))?.mark === attemptId;
    if (typed)
      await waitFor(
        `the Enter of ${attemptId}`,
        async () => (await server.terminal.witness(pane))?.entered === attemptId,
      );
    const sentinel = `S${i};`;
    await server.terminal.typeText(pane, { paste: sentinel, bracketed: false, enterAfterMs: null });
    await waitFor("the sentinel", async () => (await recorder.text()).endsWith(sentinel));
    recorded += (typed ? `\u001b[200~${paste}\u001b[201~\r` : "") + sentinel;
    expect((await recorder.text()) === recorded, `kill ${i}, seed ${seed}`).toBe(true);
    if (i % 2 === 1) expect(typed, `kill ${i}, seed ${seed}: typed after all`).toBe(true);
    if (typed) previousAttempt = attemptId;
    tally[typed ? "typed" : "nothing"] += 1;
  }
  return tally;
}

async function typedAndKilled(
  server: TestServer,
  typing: Typing,
  afterMicroseconds: number,
  guarded: boolean,
): Promise<void> {
  const connection = await clientOf(server, guarded);
  const result = typeOnce(connection, { path: server.pasteDir }, typing).catch((error: unknown) => {
    if (!(error instanceof CtmError)) throw error;
  });
  // typeOnce has written its line by now, at most; the server works on it while we wait to kill our client.
  await new Promise((resolve) => setImmediate(resolve));
  spin(afterMicroseconds);
  process.kill(connection.clientPid ?? 0, "SIGKILL");
  await result;
  await connection.closed;
}

async function typedAgain(server: TestServer, typing: Typing, guarded: boolean): Promise<void> {
  const connection = await clientOf(server, guarded);
  await typeOnce(connection, { path: server.pasteDir }, typing);
  await connection.close();
}

/** A client of its own; not guarded: the one check of each line it sends is left out. */
async function clientOf(server: TestServer, guarded: boolean): Promise<TmuxConnection> {
  const address = { kind: "own" as const, socket: server.socket };
  const connection = await TmuxConnection.open({ address, session: null, env: TEST_ENV });
  if (guarded) return connection;
  const batch = connection.batch.bind(connection);
  connection.batch = (lines, point) => batch(lines.map(withoutCheck), point);
  return connection;
}

function withoutCheck(line: string): string {
  return line.replace(/(if-shell -F -t %\d+) "(?:[^"\\]|\\.)*"/, '$1 "1"');
}

function spin(microseconds: number): void {
  const end = process.hrtime.bigint() + BigInt(Math.floor(microseconds * 1_000));
  while (process.hrtime.bigint() < end);
}
