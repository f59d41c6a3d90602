/** The questions the prompt asks with a guide: what to add, and what becomes of running tasks at the end. */
import * as z from "zod";
import { PRIORITIES } from "../tasks/priority.ts";
import type { RawInput } from "../commands/command.ts";

const leavings = ["detach", "wait", "cancel", "stay"] as const;
export type Leaving = (typeof leavings)[number];

/** Text and priority of a new task; null when the person changed their mind. */
export async function askForTask(): Promise<RawInput | null> {
  const inquirer = await loadInquirer();
  return unlessLeft(async () => {
    const said: unknown = await inquirer.prompt([
      { type: "input", name: "text", message: "What is to be done?" },
    ]);
    const { text } = z.object({ text: z.string() }).parse(said);
    if (text.trim() === "") return null;
    const choices = PRIORITIES.toReversed().map((level) => ({ name: level, value: level }));
    const chosen: unknown = await inquirer.prompt([
      { type: "select", name: "priority", message: "How urgent is it?", choices, default: "normal" },
    ]);
    return { text, ...z.object({ priority: z.enum(PRIORITIES) }).parse(chosen) };
  });
}

/** Yes or no; leaving the question is no. */
export async function askYes(message: string): Promise<boolean> {
  const inquirer = await loadInquirer();
  const answer = await unlessLeft(async () => {
    const said: unknown = await inquirer.prompt([{ type: "confirm", name: "yes", message, default: false }]);
    return z.object({ yes: z.boolean() }).parse(said).yes;
  });
  return answer ?? false;
}

/** What becomes of running tasks when the person leaves. Leaving the question itself is staying. */
export async function askForLeaving(running: number): Promise<Leaving> {
  const inquirer = await loadInquirer();
  const tasks = running === 1 ? "1 task is" : `${running} tasks are`;
  const choices: { name: string; value: Leaving }[] = [
    { name: "Detach: they go on in tmux, and `ctm` takes them up again", value: "detach" },
    { name: "Wait until they have ended", value: "wait" },
    { name: "Cancel them", value: "cancel" },
    { name: "Stay here", value: "stay" },
  ];
  const answer = await unlessLeft(async () => {
    const message = `${tasks} at work. Leave how?`;
    const said: unknown = await inquirer.prompt([{ type: "select", name: "leaving", message, choices }]);
    return z.object({ leaving: z.enum(leavings) }).parse(said).leaving;
  });
  return answer ?? "stay";
}

async function loadInquirer() {
  return (await import("inquirer")).default;
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
