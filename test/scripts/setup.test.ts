import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const script = new URL("../../scripts/setup.sh", import.meta.url).pathname;
let bin: string;
let log: string;

beforeEach(() => {
  bin = mkdtempSync(join(tmpdir(), "ctm-setup-"));
  log = join(bin, "log");
});
afterEach(() => rmSync(bin, { recursive: true, force: true }));

/** A stand-in program that writes its call to the log and then does `body`. */
function program(name: string, body = ""): void {
  writeFileSync(join(bin, name), `#!/bin/sh\necho "${name} $*" >>"${log}"\n${body}\n`);
  chmodSync(join(bin, name), 0o755);
}

function tmux(version: string): void {
  program("tmux", `echo '${version}'`);
}

/** What an installer does here: puts a tmux in place. */
const installsTmux = [
  'case "$*" in *install*)',
  "  printf '#!/bin/sh\\necho tmux 3.5a\\n' >\"$0.new\"",
  '  /bin/chmod 755 "$0.new"',
  '  /bin/mv "$0.new" "${0%/*}/tmux"',
  "esac",
].join("\n");

function user(id: number, sudo: "none" | "asks" | "free" = "none"): void {
  program("id", `echo ${id}`);
  if (sudo === "asks") program("sudo", "exit 1");
  if (sudo === "free") program("sudo", 'shift; "$@"');
}

function setup() {
  const run = spawnSync("/bin/sh", [script], { env: { PATH: bin }, encoding: "utf8", timeout: 30_000 });
  const calls = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
  return { code: run.status, said: run.stderr, out: run.stdout, calls };
}

describe("with tmux there", () => {
  test.each(["tmux 3.2", "tmux 3.2a", "tmux 3.3a", "tmux 3.10", "tmux 4.0", "tmux next-3.6", "tmux master"])(
    "%s will do, silently, and nothing else is started",
    (version) => {
      tmux(version);
      program("apt-get");
      expect(setup()).toEqual({ code: 0, said: "", out: "", calls: ["tmux -V"] });
    },
  );

  test.each(["tmux 3.1c", "tmux 2.9", "tmux 1.8", "tmux", "tmux next", "rubbish"])(
    "%s will not",
    (version) => {
      tmux(version);
      const { code, said } = setup();
      expect(code).toBe(1);
      expect(said).toContain("tmux 3.2 or later");
    },
  );

  test("one that cannot tell its version will not", () => {
    program("tmux", "exit 1");
    expect(setup().code).toBe(1);
  });
});

describe("with tmux missing", () => {
  test("root installs it by apt-get, after an update that may fail", () => {
    user(0);
    program("apt-get", `${installsTmux}\n[ "$1" != update ]`);
    const { code, calls } = setup();
    expect(code).toBe(0);
    expect(calls.filter((call) => call.startsWith("apt-get"))).toEqual([
      "apt-get update",
      "apt-get install -y --no-install-recommends tmux",
    ]);
  });

  test("a user whose sudo asks nothing installs it by dnf", () => {
    user(1000, "free");
    program("dnf", installsTmux);
    const { code, calls } = setup();
    expect(code).toBe(0);
    expect(calls).toContain("sudo -n dnf install -y tmux");
  });

  test("brew needs no root", () => {
    user(501);
    program("brew", installsTmux);
    const { code, calls } = setup();
    expect(code).toBe(0);
    expect(calls).toContain("brew install tmux");
  });

  test.each(["none", "asks"] as const)(
    "without free sudo (%s) the one command is printed, and nothing is run",
    (sudo) => {
      user(1000, sudo);
      program("apt-get", installsTmux);
      const { code, said, calls } = setup();
      expect(code).toBe(1);
      expect(said).toContain(
        "Run: sudo apt-get update && sudo apt-get install -y --no-install-recommends tmux\n",
      );
      expect(calls.filter((call) => call.startsWith("apt-get"))).toEqual([]);
    },
  );

  test("without a known package manager it says what is needed", () => {
    user(0);
    const { code, said } = setup();
    expect(code).toBe(1);
    expect(said).toContain("Install tmux 3.2 or later");
  });

  test("a failed installation is told with the command", () => {
    user(0);
    program("dnf", "exit 1");
    const { code, said } = setup();
    expect(code).toBe(1);
    expect(said).toContain("Run: sudo dnf install -y tmux");
  });
});
