import { join } from "node:path";
import { execa } from "execa";
import { expect, onTestFinished, test } from "vitest";
import { sweepBuffers, sweepOrphans } from "../../../src/workers/tmux/client-sweep.ts";
import { TmuxConnection } from "../../../src/workers/tmux/connection.ts";
import { TEST_ENV, testServer } from "../../support/tmux-server.ts";
import { waitFor } from "../../support/wait-for.ts";

test("a control client whose manager is gone is ended; living ones and people's sessions are left alone", async () => {
  const server = await testServer();
  const connection = await TmuxConnection.open({
    address: { kind: "own", socket: server.socket },
    session: null,
    env: TEST_ENV,
  });
  onTestFinished(() => connection.close());
  const clients = async () =>
    (await server.tmux("list-clients", "-F", "#{client_pid}")).split("\n").map(Number);
  const living = await clients();
  // A shell starts a client whose input never ends and leaves: what a fault of tmux makes last.
  const line = 'mkfifo "$1" "$2"; tmux -S "$0" -C attach -t =ctm_hub <>"$1" 1<>"$2" 2>/dev/null & exit 0';
  const pipes = [join(server.dir, "in"), join(server.dir, "out")];
  await execa("sh", ["-c", line, server.socket, ...pipes], {
    extendEnv: false,
    env: { ...TEST_ENV, TERM: "xterm" },
    stdio: "ignore",
  });
  const orphan = await waitFor("the orphan", async () =>
    (await clients()).find((pid) => pid > 0 && !living.includes(pid)),
  );
  const swept = await sweepOrphans(connection);
  // Whether this machine hands orphans to a known reaper is the machine's; then, and only then, it must be found.
  expect([[], [orphan]]).toContainEqual(swept);
  if (swept.length > 0) await waitFor("the orphan's end", async () => !(await clients()).includes(orphan));
  expect(await clients()).toEqual(expect.arrayContaining(living));
});

test("pastes left by an interrupted typing are removed, others stay", async () => {
  const server = await testServer();
  const connection = await TmuxConnection.open({
    address: { kind: "own", socket: server.socket },
    session: null,
    env: TEST_ENV,
  });
  onTestFinished(() => connection.close());
  await connection.command(
    "set-buffer -b ctm-0123456789abcdef01234567 ours ; set-buffer -b mine theirs ; set-buffer -b ctm-x theirs",
  );
  await sweepBuffers(connection);
  expect((await connection.command('list-buffers -F "#{buffer_name}"')).sort()).toEqual(["ctm-x", "mine"]);
});
