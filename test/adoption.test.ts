import { describe, expect, it } from "vitest";
import { adoptionRecord } from "../src/adoption.ts";
import type { Workplace } from "../src/workplace.ts";
import { processInFront } from "../src/workers/adopted-record.ts";
import { testServer, type TestServer } from "./support/tmux-server.ts";
import { waitFor } from "./support/wait-for.ts";

/** A session as a person starts it: a shell with job control, and in front of it a program under this name. */
async function sessionOf(server: TestServer, name: string, program: string): Promise<void> {
  const script = `set -m; bash -c 'exec -a "$0" sleep 300' ${program}`;
  const logPath = `${server.dir}/${name}.log`;
  const argv = ["/bin/bash", "-c", `${script}; true`];
  const pane = await server.terminal.startSession({ name, argv, cols: 80, rows: 24, logPath });
  await waitFor(`${program} in front`, () => processInFront(pane.panePid)?.argv[0] === program, 10_000);
}

function workplaceOf({ terminal }: TestServer): Pick<Workplace, "ownSocket" | "workersDir" | "terminal"> {
  return { ownSocket: "/our/own", workersDir: "/our/workers", terminal: async () => terminal };
}

const recordFrom = (server: TestServer, session: string, socket: string | null = "/theirs") =>
  adoptionRecord(workplaceOf(server) as Workplace, session, socket);

describe.runIf(process.platform === "linux")("taking over a session", () => {
  it("says what must be known of it: pane, agent, folder, the program that must be in front", async () => {
    const server = await testServer();
    await sessionOf(server, "mine", "/opt/bin/claude");
    const record = await recordFrom(server, "mine");
    expect(record).toMatchObject({
      name: "adopted-mine",
      agent: "claude",
      model: null,
      adopted: true,
      tmuxSocket: "/theirs",
      session: "mine",
      launchId: null,
      foreground: "claude",
      sessionId: null,
    });
    expect(JSON.parse(record.pane ?? "null")).toEqual(await server.terminal.identify("mine"));
  });

  it("keeps the name of a session that is called as a worker", async () => {
    const server = await testServer();
    await sessionOf(server, "concurrent_worker7", "codex");
    expect(await recordFrom(server, "concurrent_worker7", null)).toMatchObject({
      name: "concurrent_worker7",
      agent: "codex",
      tmuxSocket: "",
    });
  });

  it("is refused where no known agent is in front, where there is no session, and on our own server", async () => {
    const server = await testServer();
    await sessionOf(server, "editor", "vim");
    await expect(recordFrom(server, "editor")).rejects.toThrow(
      /no known agent is in front in session editor: vim/,
    );
    await expect(recordFrom(server, "nobody")).rejects.toMatchObject({ code: "not-found" });
    await expect(recordFrom(server, "editor", "/our/own")).rejects.toThrow(/are workers already/);
  });
});
