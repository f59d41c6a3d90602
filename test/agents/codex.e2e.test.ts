/** The adapter's contract, held against the real Codex CLI: a private home, a dummy key, the API on loopback. */
import { access, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { codexAdapter } from "../../src/agents/codex.ts";
import { agentBin, codexHome } from "../support/agent-home.ts";
import { recordedUsage, recordTexts, startAgent } from "../support/agent-run.ts";
import { startPane } from "../support/pane.ts";
import { startStandInApi } from "../support/stand-in-api.ts";
import { waitFor } from "../support/wait-for.ts";

const { bin, reason } = await agentBin("codex");
const title = bin === null ? `Codex, skipped: ${reason}` : "Codex";

async function start() {
  const api = await startStandInApi();
  const home = await codexHome(api.baseUrl);
  const run = await startAgent(codexAdapter, home, bin ?? "");
  await run.screenIs("idle");
  return { api, home, run };
}

const escalated = (command: string) =>
  `[[tool:exec_command|${JSON.stringify({ cmd: command, sandbox_permissions: "require_escalated", justification: "May I?" })}]]`;

describe.skipIf(bin === null)(title, () => {
  test("a prompt is submitted once, whole, seen taken in and ended, and booked to the token", async () => {
    const { api, run } = await start();
    const prompt = `Say it twice.\n\n  indented "quoted" $(line) ünï\n[[say:it is done]] [[delay:200]]`;
    const skip = await run.submit(prompt);
    const accepted = await run.event("accepted", skip);
    expect(accepted.prompt).toBe(prompt);
    const ended = await run.event("turn-ended", skip);
    expect(ended).toMatchObject({ answer: "it is done", sessionId: accepted.sessionId });
    await run.screenIs("idle");
    expect(api.requests.filter((request) => request.main)).toHaveLength(1);
    const record = codexAdapter.record(ended.sessionId ?? "", ended.recordPath);
    const served = api.served();
    expect(await recordedUsage(record, "it is done")).toMatchObject({
      inputTokens: served.input,
      cacheReadTokens: served.cacheRead,
      outputTokens: served.output,
      reasoningTokens: served.reasoning,
    });
  });

  test("a text too long to be typed by keys goes in whole as a paste", async () => {
    const { api, run } = await start();
    const prompt = `${Array.from({ length: 200 }, (_, n) => `row ${n} of a long task`).join("\n")} [[say:read]]`;
    const skip = await run.submit(prompt);
    expect((await run.event("accepted", skip)).prompt).toBe(prompt);
    await run.event("turn-ended", skip);
    expect(api.requests.filter((request) => request.main).map((request) => request.prompt)).toEqual([prompt]);
  });

  test("a tool waits for permission; once allowed it runs, and both responses are booked", async () => {
    const { api, home, run } = await start();
    const skip = await run.submit(`run it ${escalated("echo hi > made.txt")}`);
    expect((await run.event("asks", skip)).question).toContain("echo hi > made.txt");
    expect(await run.screenIs("dialog")).toMatchObject({
      text: "Would you like to run the following command?",
    });
    await run.answer("y");
    await run.event("progress", skip);
    const ended = await run.event("turn-ended", skip);
    await access(join(home.cwd, "made.txt"));
    const record = codexAdapter.record(ended.sessionId ?? "", ended.recordPath);
    const used = await recordedUsage(record, ended.answer ?? "");
    expect(api.requests.filter((request) => request.main)).toHaveLength(2);
    expect(used.inputTokens).toBe(api.served().input);
    expect(used.outputTokens).toBe(api.served().output);
  });

  test("a refused permission and an interrupt end the turn as interrupted, by a signal", async () => {
    const { run } = await start();
    const asked = await run.submit(`run it ${escalated("echo hi > made.txt")}`);
    await run.event("asks", asked);
    await run.answer("Escape");
    expect((await run.event("turn-failed", asked)).failure).toBe("interrupted");
    await run.screenIs("interrupted");

    const slow = await run.submit("slow [[delay:600000]]");
    await run.event("accepted", slow);
    await run.screenIs("busy");
    await run.pane.key(codexAdapter.traits.interruptKey);
    expect((await run.event("turn-failed", slow)).failure).toBe("interrupted");
  });

  // One start of the CLI for all of them, one turn after the other.
  test("a failure of the API is told by the terminal stream, and its kind by the record", async () => {
    const { run } = await start();
    const failures = async () =>
      (await run.streamed()).filter((event) => event.kind === "turn-failed").length;
    for (const [code, failure] of [
      ["credit", "out-of-credit"],
      ["529", "overloaded"],
      ["401", "not-logged-in"],
      ["500", "overloaded"],
      ["400ctx", "invalid-request"],
      ["429u", "quota-exhausted"],
    ]) {
      const atMs = Date.now();
      const before = await failures();
      const skip = await run.submit(`fail [[err:${code}]]`);
      const { sessionId, recordPath } = await run.event("accepted", skip);
      await waitFor(`the error ${code} in the stream`, async () => (await failures()) > before);
      const record = codexAdapter.record(sessionId ?? "", recordPath);
      // No two in a row are of a kind: what is read is never the turn before.
      const told = await waitFor(`the failure ${failure} in the record`, async () =>
        record === null
          ? null
          : (await recordTexts(record))
              .map((text) => record.turnFailure(text))
              .find((found) => found?.failure === failure),
      );
      if (code === "429u")
        expect(Math.abs((told.resetsAtMs ?? 0) - (atMs + 3_600_000))).toBeLessThan(120_000);
    }
  });

  test("a turn that ends well leaves no failure in the stream", async () => {
    const { run } = await start();
    await run.event("turn-ended", await run.submit("fine [[say:fine]]"));
    await waitFor("the state in the stream", async () =>
      (await readFile(run.pane.outputFile, "utf8")).includes("state=done"),
    );
    expect(await run.streamed()).toEqual([]);
  });

  test("the person's own hooks run beside ours, a repository's stay untrusted, and nothing is trusted for good", async () => {
    const api = await startStandInApi();
    const home = await codexHome(api.baseUrl);
    const config = join(home.home, ".codex", "config.toml");
    const marks = {
      theirs: join(home.home, "their-hook-ran"),
      repository: join(home.home, "repository-hook-ran"),
    };
    const hooks = (file: string) =>
      JSON.stringify({ hooks: { Stop: [{ hooks: [{ type: "command", command: `touch '${file}'` }] }] } });
    const theirFile = join(home.home, ".codex", "hooks.json");
    await writeFile(theirFile, hooks(marks.theirs));

    // The person trusts their own hook once, in Codex itself.
    const person = await startPane({ argv: [bin ?? "", "--no-daemon"], cwd: home.cwd, env: home.env });
    const personScreen = async () => codexAdapter.readScreen(await person.capture());
    await waitFor("the review", async () => (await personScreen()).state === "dialog");
    await waitFor("the trust", async () => {
      // Keys pressed just after a dialog opened are not taken.
      if ((await readFile(config, "utf8")).includes("trusted_hash")) return true;
      await person.key("2");
      await person.key("Enter");
      return false;
    });
    const trusted = (await readFile(config, "utf8")).match(/trusted_hash/g);

    await mkdir(join(home.cwd, ".codex"));
    await mkdir(join(home.cwd, ".git"));
    await writeFile(join(home.cwd, ".codex", "hooks.json"), hooks(marks.repository));
    const run = await startAgent(codexAdapter, home, bin ?? "");
    // The repository's hook is new: Codex asks its person, and here it is not trusted.
    expect(await run.screenIs("dialog")).toMatchObject({ because: expect.stringContaining("Review hooks") });
    await run.answer("Escape");
    await run.screenIs("idle");
    await run.event("turn-ended", await run.submit("hello [[say:hello]]"));
    await waitFor("the person's own hook", () =>
      access(marks.theirs).then(
        () => true,
        () => false,
      ),
    );
    await expect(access(marks.repository)).rejects.toThrow();
    expect((await readFile(config, "utf8")).match(/trusted_hash/g)).toEqual(trusted);
  });

  test("/clear begins a new thread; its signals come with the next prompt", async () => {
    const { run } = await start();
    const first = await run.event("turn-ended", await run.submit("one [[say:one]]"));
    await run.submit("/clear");
    await waitFor(
      "the cleared screen",
      async () => !(await run.pane.capture()).some((line) => line.includes("one [[say")),
    );
    const skip = await run.submit("two [[say:two]]");
    const cleared = await run.event("cleared", skip);
    expect(cleared.sessionId).not.toBe(first.sessionId);
    expect(await run.event("turn-ended", skip)).toMatchObject({
      answer: "two",
      sessionId: cleared.sessionId,
    });
  });

  test("a conversation is resumed with another model", async () => {
    const { api, home, run } = await start();
    const first = await run.event("turn-ended", await run.submit("one [[say:one]]"));
    await run.submit("/exit");
    await waitFor("the end of the first", async () => !(await run.pane.alive()));
    const again = await startAgent(codexAdapter, home, bin ?? "", {
      model: "gpt-5.1-other",
      resumeSessionId: first.sessionId,
    });
    await again.screenIs("idle");
    const ended = await again.event("turn-ended", await again.submit("two [[say:two]]"));
    expect(ended).toMatchObject({ sessionId: first.sessionId, recordPath: first.recordPath });
    expect(api.requests.filter((request) => request.main).at(-1)?.model).toBe("gpt-5.1-other");
  });
});
