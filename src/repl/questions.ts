/** The questions the prompt asks with a guide: what to add, and what becomes of running tasks at the end. */
import { PRIORITIES } from "../tasks/priority.ts";
import type { RawInput } from "../commands/command.ts";

export type Leaving = "detach" | "wait" | "cancel" | "stay";

/** Text and priority of a new task; null when the person changed their mind. */
export async function askForTask(): Promise<RawInput | null> {
  const { default: inquirer } = await import("inquirer");
  return unlessLeft(async () => {
    const { text } = await inquirer.prompt([{ type: "input", name: "text", message: "What is to be done?" }]);
    if (text.trim() === "") return null;
    const choices = PRIORITIES.toReversed().map((level) => ({ name: level, value: level }));
    const { priority } = await inquirer.prompt([
      { type: "select", name: "priority", message: "How urgent is it?", choices, default: "normal" },
    ]);
    return { text, priority };
  });
}

/** What becomes of running tasks when the person leaves. Leaving the question itself is staying. */
export async function askForLeaving(running: number): Promise<Leaving> {
  const { default: inquirer } = await import("inquirer");
  const tasks = running === 1 ? "1 task is" : `${running} tasks are`;
  const answer = await unlessLeft(async () => {
    const { leaving } = await inquirer.prompt([
      {
        type: "select",
        name: "leaving",
        message: `${tasks} at work. Leave how?`,
        choices: [
          { name: "Detach: they go on in tmux, and `ctm` takes them up again", value: "detach" as const },
          { name: "Wait until they have ended", value: "wait" as const },
          { name: "Cancel them", value: "cancel" as const },
          { name: "Stay here", value: "stay" as const },
        ],
      },
    ]);
    return leaving;
  });
  return answer ?? "stay";
}

/** Ctrl+C in a question throws there; here it is an answer. */
async function unlessLeft<T>(ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Error && error.name === "ExitPromptError") return null;
    throw error;
  }
}
