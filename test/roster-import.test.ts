import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readRoster } from "../src/roster-file.ts";
import { importRoster } from "../src/roster-import.ts";

let project: string;
let dir: string;
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), "ctm-import-"));
  dir = join(project, ".claude/agents");
  mkdirSync(dir, { recursive: true });
});
afterEach(() => rmSync(project, { recursive: true }));

const KINDS = ["claude"];
const agent = (name: string, front: string, body = ""): void =>
  writeFileSync(join(dir, name), `---\n${front}\n---\n${body}`);

test("agents of Claude Code become agents of the roster", async () => {
  agent(
    "react.md",
    "name: react-expert\ndescription: Style React pages and CSS\nmodel: sonnet\ntools: Read, Edit",
    "\nYou know React.\n",
  );
  agent("docs.md", "name: writer\ndescription: Write documentation and guides\nmodel: inherit");
  const { file, added } = await importRoster(dir, project, KINDS);
  expect(added).toEqual(["writer", "react-expert"]);
  const { members } = await readRoster(file, KINDS);
  expect(members.map(({ id, model, types, preamble }) => ({ id, model, types, preamble }))).toEqual([
    { id: "writer", model: null, types: ["documentation"], preamble: null },
    { id: "react-expert", model: "sonnet", types: ["ui"], preamble: "You know React." },
  ]);
});

test("a roster that is there keeps its comments and what it says", async () => {
  const file = join(project, "ctm.roster.yaml");
  writeFileSync(file, "# ours\nagents:\n  - { id: writer, tier: tactical } # asked by name\n", {
    mode: 0o600,
  });
  agent("docs.md", "name: writer\ndescription: Write");
  agent("new.md", "name: newcomer\ndescription: Fix the parser");
  expect(await importRoster(dir, project, KINDS)).toMatchObject({ added: ["newcomer"], known: ["writer"] });
  const text = readFileSync(file, "utf8");
  expect(text).toContain("# ours");
  expect(text).toContain("# asked by name");
  expect((await readRoster(file, KINDS)).members.map(({ id, tier }) => [id, tier])).toEqual([
    ["writer", "tactical"],
    ["newcomer", "execution"],
  ]);
  const before = readFileSync(file, "utf8");
  await importRoster(dir, project, KINDS);
  expect(readFileSync(file, "utf8")).toBe(before);
});

test("what is no agent is passed over, with its reason, and nothing else is written", async () => {
  agent("a-path.md", 'name: "../../x"\ndescription: d');
  agent("b-con.md", "name: con");
  agent("c-broken.md", "name: [");
  writeFileSync(join(dir, "d-plain.md"), "no front matter\n");
  writeFileSync(join(dir, "e-huge.md"), `---\nname: huge\n---\n${"x".repeat(300 * 1024)}`);
  symlinkSync("/dev/zero", join(dir, "f-device.md"));
  agent("g-good.md", "name: good\ndescription: Fix it\nmodel: '--evil'", "\u001b[31mred");
  agent("h-again.md", "name: good");
  const { added, passedOver, file } = await importRoster(dir, project, KINDS);
  expect(added).toEqual(["good"]);
  expect(passedOver.map(({ file: name, reason }) => `${name[0]}: ${reason}`)).toEqual([
    "a: its name is no id (lower-case letters, digits, - and _)",
    "b: its name is no id (lower-case letters, digits, - and _)",
    "c: its front matter cannot be read",
    "d: it has no front matter",
    "e: it is no regular file of at most 256 KiB",
    "f: it is no regular file of at most 256 KiB",
    "h: good is there twice",
  ]);
  expect(readFileSync(file, "utf8")).not.toContain("evil");
  expect(readdirSync(project).sort()).toEqual([".claude", "ctm.roster.yaml"]);
  await expect(importRoster(join(project, "nowhere"), project, KINDS)).rejects.toMatchObject({
    code: "not-found",
  });
});
