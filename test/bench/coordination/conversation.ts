/** A session of the real CLI that stays open, as a program drives it: a message in, its last answer out, line by line. */
import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";

const STREAMED = ["-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose"];
/** Longer than anything a round can take: what hangs is ended. */
const answerWithinMs = 300_000;

export class Conversation {
  readonly #child: ChildProcess;
  #answered: (result: string) => void = () => undefined;
  #failed: (error: Error) => void = () => undefined;
  #printed = "";

  constructor(
    bin: string,
    args: readonly string[],
    place: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
  ) {
    const child = spawn(bin, [...STREAMED, ...args], {
      cwd: place.cwd,
      env: { ...place.env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#child = child;
    child.stderr.setEncoding("utf8").on("data", (text: string) => (this.#printed += text));
    child.once("exit", (code) => this.#failed(new Error(`the agent ended with ${code}: ${this.#printed}`)));
    createInterface({ input: child.stdout }).on("line", (line) => this.#take(line));
  }

  async ask(text: string): Promise<string> {
    const answer = new Promise<string>((resolve, reject) => {
      this.#answered = resolve;
      this.#failed = reject;
    });
    const message = { role: "user", content: [{ type: "text", text }] };
    this.#child.stdin?.write(`${JSON.stringify({ type: "user", message })}\n`);
    const timer = setTimeout(() => this.#failed(new Error("the agent does not answer")), answerWithinMs);
    try {
      return await answer;
    } finally {
      clearTimeout(timer);
    }
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    this.#failed = () => undefined;
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.stdin?.end();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(timer);
  }

  #take(line: string): void {
    const told = JSON.parse(line) as { type: string; is_error?: boolean; result?: string };
    if (told.type !== "result") return;
    if (told.is_error === true) this.#failed(new Error(`the agent failed: ${line.slice(0, 500)}`));
    else this.#answered(told.result ?? "");
  }
}
