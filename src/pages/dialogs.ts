/** The page's one dialog: a form, its fields, and what to do with them. Escape closes it; so does a click beside it. */
import { PRIORITIES } from "../tasks/priority.ts";
import { TASK_TYPES } from "../tasks/task.ts";
import { byId, h, type Child } from "./dom.ts";

type Fields = Readonly<Record<string, string>>;

export interface Ask {
  readonly title: string;
  readonly body: Child;
  readonly button: string;
  /** Resolves when it is done; rejects with what is shown, and the dialog stays. */
  done(fields: Fields): Promise<void>;
}

let present: Ask | null = null;

export function ask(question: Ask): void {
  present = question;
  const dialog = dialogElement();
  dialog.replaceChildren(
    h(
      "form",
      { method: "dialog", "data-do": "dialog" },
      h("h2", { id: "dialog-title" }, question.title),
      question.body,
      h("p", { class: "fault", role: "alert", id: "dialog-fault" }),
      h(
        "div",
        { class: "line end" },
        h("button", { type: "button", "data-do": "close" }, "Close"),
        question.button !== "" && h("button", { type: "submit", class: "primary" }, question.button),
      ),
    ),
  );
  dialog.showModal();
}

export function closeDialog(): void {
  dialogElement().close();
}

export async function submitDialog(form: HTMLFormElement): Promise<void> {
  const fields: Record<string, string> = {};
  for (const [name, value] of new FormData(form))
    if (typeof value === "string" && value !== "") fields[name] = value;
  try {
    await present?.done(fields);
    closeDialog();
  } catch (error) {
    byId("dialog-fault").textContent = error instanceof Error ? error.message : String(error);
  }
}

function dialogElement(): HTMLDialogElement {
  return byId("dialog") as HTMLDialogElement;
}

function field(label: string, input: HTMLElement): HTMLElement {
  return h("label", {}, h("span", {}, label), input);
}

function choice(name: string, words: readonly string[], chosen: string): HTMLElement {
  return h(
    "select",
    { name },
    words.map((word) =>
      h("option", { value: word, selected: word === chosen }, word === "" ? "decided for you" : word),
    ),
  );
}

export function addForm(): Child {
  return [
    field(
      "Task",
      h("textarea", { name: "text", required: true, rows: 5, autofocus: true, maxlength: 1_000_000 }),
    ),
    h(
      "div",
      { class: "line" },
      field("Priority", choice("priority", PRIORITIES, "normal")),
      field("Type", choice("type", ["", ...TASK_TYPES], "")),
    ),
  ];
}

export function holdForm(): Child {
  return field(
    "Reason",
    h("input", { name: "reason", required: true, autofocus: true, maxlength: 200, autocomplete: "off" }),
  );
}

export function raiseForm(limit: string): Child {
  return [
    h("p", {}, limit),
    h(
      "div",
      { class: "line" },
      field(
        "To (600K, $10)",
        h("input", { name: "amount", required: true, autofocus: true, maxlength: 40, autocomplete: "off" }),
      ),
      field(
        "Until (18:00, +2h)",
        h("input", { name: "until", required: true, value: "+1h", maxlength: 40, autocomplete: "off" }),
      ),
    ),
    field(
      "Reason, which is booked",
      h("input", { name: "reason", required: true, maxlength: 200, autocomplete: "off" }),
    ),
  ];
}

export function keysHelp(views: readonly string[]): Child {
  const keys: [string, string][] = [
    ...views.map((title, at): [string, string] => [String(at + 1), title]),
    ["/", "search the tasks"],
    ["n", "add a task"],
    ["r", "look again"],
    ["?", "this list"],
    ["Esc", "close"],
  ];
  return h(
    "dl",
    { class: "keys" },
    keys.map(([key, what]) => h("div", {}, h("dt", {}, h("kbd", {}, key)), h("dd", {}, what))),
  );
}
