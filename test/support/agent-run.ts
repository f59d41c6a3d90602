/** A real agent CLI in a real pane, launched by its adapter's plan, as the contract tests use it. */
import { mkdtemp, readFile, readdir, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomUUID } from "node:crypto";
import { onTestFinished } from "vitest";
import type {
  AgentAdapter,
  AgentEvent,
  AgentRecord,
  LaunchRequest,
  ScreenReading,
} from "../../src/agents/adapter.ts";
import { mergeRecords } from "../../src/metering/merge-records.ts";
import { NO_USAGE, addUsage, type Usage } from "../../src/metering/usage.ts";
import type { AgentHome } from "./agent-home.ts";
import { startPane, type Pane } from "./pane.ts";
import { signalFolder, TEST_LAUNCH_ID, type SignalFolder } from "./signal-folder.ts";
import { waitFor } from "./wait-for.ts";
import { removeFolder } from "./remove-folder.ts";

export interface AgentRun {
  readonly adapter: AgentAdapter;
  readonly pane: Pane;
  readonly signals: SignalFolder;
  readonly sessionId: string;
  screen(): Promise<ScreenReading>;
  screenIs(state: ScreenReading["state"]): Promise<ScreenReading>;
  /** Types a prompt as the product does, once the screen is idle; returns how many signals there were before. */
  submit(text: string): Promise<number>;
  event<K extends AgentEvent["kind"]>(kind: K, skip: number): Promise<Extract<AgentEvent, { kind: K }>>;
  /** Answers a dialog: a key pressed just after it opened is not taken, so it is pressed until the dialog closes. */
  answer(key: string): Promise<void>;
  /** Events in everything the terminal has shown so far. */
  streamed(): Promise<readonly AgentEvent[]>;
}

export async function startAgent(
  adapter: AgentAdapter,
  home: AgentHome,
  bin: string,
  more: Partial<LaunchRequest> = {},
): Promise<AgentRun> {
  const dir = await mkdtemp(join(tmpdir(), "ctm-launch-"));
  onTestFinished(() => removeFolder(dir));
  const signals = await signalFolder();
  const sessionId = randomUUID();
  const plan = adapter.launch({
    launchId: TEST_LAUNCH_ID,
    model: null,
    cwd: home.cwd,
    dir,
    hookScript: signals.hookScript,
    sessionId,
    resumeSessionId: null,
    settings: { command: [bin], permissionMode: null, env: home.env },
    ...more,
  });
  for (const file of plan.files) await writeFile(join(dir, file.name), file.text, { mode: 0o600 });
  const pane = await startPane({ argv: plan.argv, cwd: home.cwd, env: { ...plan.env, ...signals.env } });
  const screen = async () => adapter.readScreen(await pane.capture());
  const screenIs = (state: ScreenReading["state"]) =>
    waitFor(`a screen that is ${state}`, async () => {
      const reading = await screen();
      return reading.state === state ? reading : null;
    });
  const event = <K extends AgentEvent["kind"]>(kind: K, skip: number) =>
    signals.waitForEvent(adapter.interpret, kind, skip);
  return {
    ...{ adapter, pane, signals, sessionId, screen, screenIs, event },
    submit: async (text) => {
      await waitFor("a screen to type into", async () =>
        ["idle", "interrupted", "limited"].includes((await screen()).state),
      );
      const skip = (await signals.all()).length;
      const submission = adapter.submission("t1-a1", text, home.cwd);
      await pane.paste(submission.paste, submission.bracketed);
      // The settle is the thing under test: the Enter must come after it, and the adapter says how long it is.
      await new Promise((resolve) => setTimeout(resolve, submission.enterAfterMs ?? 0));
      await pane.key("Enter");
      return skip;
    },
    answer: async (key) => {
      await screenIs("dialog");
      await waitFor("the dialog to close", async () => {
        if ((await screen()).state !== "dialog") return true;
        await pane.key(key);
        await waitFor("the key", async () => (await screen()).state !== "dialog", 500).catch(() => null);
        return false;
      });
    },
    streamed: async () => adapter.readStream(await readFile(pane.outputFile, "utf8")).events,
  };
}

/** Sum of the record once it holds the answer. */
export async function recordedUsage(record: AgentRecord | null, answer: string): Promise<Usage> {
  if (record === null) throw new Error("the adapter finds no record");
  const texts = await waitFor(`the answer in the record`, async () => {
    const found = await recordTexts(record);
    return found.some((text) => record.holdsAnswer(text, answer)) ? found : null;
  });
  return mergeRecords(texts.map((text) => record.parse(text)))
    .map((entry) => entry.usage)
    .reduce(addUsage, NO_USAGE);
}

export async function recordTexts(record: AgentRecord): Promise<readonly string[]> {
  const files: string[] = [];
  for (const path of record.paths) {
    const kind = await stat(path).catch(() => null);
    if (kind?.isFile()) files.push(path);
    if (!kind?.isDirectory()) continue;
    const names = await readdir(path, { recursive: true });
    files.push(...names.filter((name) => name.endsWith(".jsonl")).map((name) => join(path, name)));
  }
  return Promise.all(files.map((file) => readFile(file, "utf8")));
}
