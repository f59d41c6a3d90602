/** The worked example of the README, as it stands there: agents that only a configuration declares, in real panes. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { expect, it, onTestFinished } from "vitest";
import { productFolder } from "../support/built-product.ts";
import { testFolder } from "../support/tmux-server.ts";

const README = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

it("the README's agents of one's own do their tasks, fail, and are booked by their record", async () => {
  const section = README.slice(README.indexOf("### An agent of your own"));
  const folder = await testFolder();
  writeFileSync(join(folder, "notebot.sh"), blockOf(section, "sh"));
  writeFileSync(join(folder, "ctm.yaml"), blockOf(section, "yaml"), { mode: 0o600 });
  const ctm = product(folder);

  const texts = [
    "write it down",
    "fail this one",
    "and this\nwith a second line; $(touch made) `touch made`",
  ];
  const notes = await ctm(
    ["batch", "-"],
    texts.map((text) => JSON.stringify({ text, type: "coding" })).join("\n"),
  );
  expect(notes.stdout + notes.stderr).toContain("Completed:    2 of 3");
  const attempts = async (id: number) =>
    (JSON.parse((await ctm(["show", String(id), "--json"])).stdout) as { attempts: Attempt[] }).attempts;
  const spent = { tokens: { value: 128, source: "actual" } };
  expect(await attempts(1)).toMatchObject([{ outcome: "completed", ...spent }]);
  expect(await attempts(2)).toMatchObject([
    { outcome: expect.stringContaining("notebot: failed: fail this one") },
  ]);
  expect(await attempts(3)).toMatchObject([{ outcome: "completed", ...spent }]);

  const counted = await ctm(
    ["--agent", "counter", "batch", "-"],
    JSON.stringify({ text: "one two\nthree $(x) four", type: "coding" }),
  );
  expect(counted.stdout + counted.stderr).toContain("Completed:    1 of 1");
  expect(await attempts(4)).toMatchObject([{ outcome: "completed" }]);

  expect((await ctm(["add", "--agent", "notebto", "x"])).stderr).toContain("did you mean notebot?");
}, 240_000);

it("agents that tell by hooks, and by sequences in their output, with a submit key of their own", async () => {
  const folder = await testFolder();
  const hooks = `echo '{}' | "$CTM_HOOK" up
printf 'bot> '
while IFS= read -r task; do
  printf '{"prompt":"%s"}' "$task" | "$CTM_HOOK" took
  case $task in
    fail*) printf '{"message":"it would not"}' | "$CTM_HOOK" broke ;;
    *) printf '{"last_assistant_message":"did %s"}' "$task" | "$CTM_HOOK" finished ;;
  esac
  printf 'bot> '
done`;
  const sequences = `printf 'osc> '
while IFS= read -r task; do
  printf '\\033]777;busy\\007'
  echo "$task" >>"$1"
  printf '\\033]777;done;%s\\007osc> ' "$task"
done`;
  writeFileSync(join(folder, "hooks.sh"), hooks);
  writeFileSync(join(folder, "sequences.sh"), sequences);
  const hook = (name: string) => ({ hook: name });
  const config = {
    workers: { count: 1, agent: "hooker" },
    agents: {
      hooker: {
        ...{ command: ["sh", "hooks.sh"], composer: "bot>" },
        ...{ ready: hook("up"), accepted: hook("took"), done: hook("finished"), failed: hook("broke") },
      },
      ringer: {
        ...{
          command: ["sh", "sequences.sh", join(folder, "done")],
          composer: "osc>",
          submit: { key: "C-j" },
        },
        ...{ accepted: { osc: "777;busy" }, done: { osc: "777;done;*" } },
      },
    },
  };
  writeFileSync(join(folder, "ctm.yaml"), JSON.stringify(config), { mode: 0o600 });
  const ctm = product(folder);
  const batch = (agent: string, texts: readonly string[]) =>
    ctm(
      ["--agent", agent, "batch", "-"],
      texts.map((text) => JSON.stringify({ text, type: "coding" })).join("\n"),
    );
  const hooked = await batch("hooker", ["this one", "fail that one"]);
  expect(hooked.stdout + hooked.stderr).toContain("Completed:    1 of 2");
  const shown = async (id: number) =>
    (JSON.parse((await ctm(["show", String(id), "--json"])).stdout) as { attempts: Attempt[] }).attempts;
  expect(await shown(1)).toMatchObject([{ outcome: "completed", answer: "did this one" }]);
  expect(await shown(2)).toMatchObject([{ outcome: expect.stringContaining("it would not") }]);
  const rung = await batch("ringer", ["one", "two"]);
  expect(rung.stdout + rung.stderr).toContain("Completed:    2 of 2");
  expect(readFileSync(join(folder, "done"), "utf8")).toBe("one\ntwo\n");
});

interface Attempt {
  readonly outcome: string;
  readonly tokens: { readonly value: number | null; readonly source: string };
}

function blockOf(section: string, language: string): string {
  const block = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(section)?.[1];
  expect(block, `a block of ${language}`).toBeDefined();
  return block ?? "";
}

/** The product in this folder, one process a call; its tmux server ends with the test. */
function product(folder: string) {
  const socket = join(folder, "state", "tmux.sock");
  onTestFinished(async () => void (await execa("tmux", ["-S", socket, "kill-server"], { reject: false })));
  return (args: readonly string[], input = "") =>
    execa(
      process.execPath,
      [join(productFolder(), "ctm.cjs"), "--state-dir", join(folder, "state"), ...args],
      {
        cwd: folder,
        env: {
          PATH: process.env["PATH"] ?? "",
          HOME: folder,
          TMUX_TMPDIR: folder,
          LANG: "C.UTF-8",
          TERM: "xterm",
        },
        extendEnv: false,
        reject: false,
        timeout: 60_000,
        input,
      },
    );
}
