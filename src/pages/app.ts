/** The page: chooses the view the address names, draws it, and draws it again when something has happened. */
import { tasksAPage, type ExportedPages } from "../reports/page-questions.ts";
import { count } from "../reports/numbers.ts";
import { SESSION } from "../reports/opening.ts";
import { act, exported, keepKey, look, Refused, takeKey } from "./api.ts";
import { addForm, ask, closeDialog, holdForm, keysHelp, raiseForm, submitDialog } from "./dialogs.ts";
import { dispatches } from "./dispatches.ts";
import { byId, h, show, type Child } from "./dom.ts";
import { event, tried } from "./event.ts";
import { events } from "./events.ts";
import { follow } from "./feed.ts";
import { askFirst } from "./first-questions.ts";
import { fleet } from "./fleet.ts";
import { metrics } from "./metrics.ts";
import { spend } from "./spend.ts";
import { story } from "./story.ts";
import { tasks } from "./tasks.ts";
import { toggleTheme, useKeptTheme } from "./theme.ts";
import { throttle } from "./throttle.ts";
import { placeOf, type View, type Viewer } from "./view.ts";
import { dated, useTimeZone } from "./words.ts";

/** A new view stands here, and has its place in the navigation. */
const VIEWS: readonly View[] = [fleet, throttle, tasks, story, metrics, spend, events, event, dispatches];
const IN_NAV = VIEWS.filter(({ inNav }) => inNav);

/** A view is drawn again on what happens, but not more often than this, and for its clocks at least this often. */
const redrawMinMs = 250;
const redrawMaxMs = 10_000;
const toldForMs = 6_000;
const FIRST_VIEW = "ctm first view";
/** Answers that take longer than this are waited for in the bare frame. */
const bareAfterMs = 250;

let viewer: Viewer = { acts: false };
let drawing = false;
let again = false;
let soon: number | undefined;
let isHeard = false;
/** Was it ever? Heard again, everything may be different. */
let wasHeard = false;
let fault: string | null = null;

interface Session {
  readonly rights: "read" | "act";
  readonly timeZone: string;
}

function currentView(): View {
  const { name } = placeOf(location.hash);
  return VIEWS.find((view) => view.name === name) ?? fleet;
}

async function draw(): Promise<void> {
  if (drawing) {
    again = true;
    return;
  }
  drawing = true;
  const address = location.hash;
  const view = currentView();
  try {
    const content = await view.draw(placeOf(address), viewer);
    // Whoever went on meanwhile is not called back.
    if (address === location.hash) {
      fault = null;
      show(byId("main"), content);
      reveal();
      markFirst();
      view.drawn?.(placeOf(address));
    }
  } catch (error) {
    fail(error);
  } finally {
    drawing = false;
    reveal();
  }
  showFrame(view);
  if (again) {
    again = false;
    void draw();
  }
}

/**
 * The page is hidden until there is something to see: a browser would lay out and paint the bare frame, with all fonts
 * it looks for then, in just the time in which it is to take the answers.
 */
function reveal(): void {
  document.body.hidden = false;
}

/** For whoever measures: when there was something to see first. */
function markFirst(): void {
  if (performance.getEntriesByName(FIRST_VIEW).length === 0) performance.mark(FIRST_VIEW);
}

function fail(error: unknown): void {
  if (!(error instanceof Refused)) throw error;
  fault = error.message;
  // What was shown last stays in sight while the manager is away.
  if (error.status === 0 && byId("main").childElementCount > 1) return;
  const advice =
    error.status === 401 || error.status === 429
      ? "Run `ctm dashboard` and open the link it shows: it has the key in it."
      : error.message;
  show(
    byId("main"),
    h(
      "section",
      { class: "empty", "aria-label": "Nothing to show" },
      h("h1", {}, error.status === 401 ? "A key is needed" : "Nothing to show"),
      h("p", {}, advice),
    ),
  );
}

function showFrame(view: View): void {
  document.title = `${view.title} · ctm`;
  show(
    byId("nav"),
    IN_NAV.map(({ name, title }) =>
      h(
        "a",
        {
          href: `#/${name}`,
          "aria-current": [view.name, view.within].includes(name) ? "page" : null,
        },
        title,
      ),
    ),
  );
  show(byId("state"), stateWords());
  byId("add").hidden = !viewer.acts;
}

function stateWords(): Child {
  const [kind, words] =
    exported !== null
      ? ["export", "A copy, not live"]
      : fault !== null
        ? ["off", fault]
        : isHeard
          ? ["on", viewer.acts ? "Live" : "Live, for looking only"]
          : ["off", "Waiting for the manager"];
  return [h("span", { class: `dot ${kind}`, "aria-hidden": "true" }), words];
}

/** Above every view of a copy, so that nobody takes it for what is so now. */
function showWritten({ writtenAtMs, timeZone, version, from, stories }: ExportedPages): void {
  useTimeZone(timeZone);
  const place = byId("written");
  const workers = from === "manager" ? "" : " No manager was asked, so there are no workers in it.";
  show(
    place,
    `This is a copy, written on ${dated(writtenAtMs)} (${timeZone}) by ctm ${version}. It is not live: it does not change, and nothing can be done here. It holds the newest ${count(tasksAPage)} tasks of each list and the stories of ${count(stories)}.${workers}`,
  );
  place.hidden = false;
}

function redrawSoon(): void {
  soon ??= window.setTimeout(() => {
    soon = undefined;
    void draw();
  }, redrawMinMs);
}

function tell(words: string, isFault = false): void {
  const told = byId("told");
  show(told, h("p", { class: isFault ? "fault" : null }, words));
  window.setTimeout(() => show(told), toldForMs);
}

/** Does something at the manager and tells how it went. */
async function perform(words: string, doing: () => Promise<unknown>): Promise<void> {
  try {
    await doing();
    tell(words);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    tell(error.message, true);
  }
  redrawSoon();
}

const taskBody: Readonly<Record<string, unknown>> = { priority: { level: "high" } };

/** What buttons do, by their name in the markup. */
const BUTTONS: Readonly<Record<string, (data: DOMStringMap) => void>> = {
  theme: () => {
    toggleTheme();
    void draw();
  },
  help: () =>
    ask({
      title: "Keys",
      body: keysHelp(IN_NAV.map(({ title }) => title)),
      button: "",
      done: () => Promise.resolve(),
    }),
  close: () => closeDialog(),
  task: ({ act: name = "", id = "" }) =>
    void perform(`#${id}: ${name}`, () => act(`/api/tasks/${id}/${name}`, taskBody[name] ?? {})),
  replay: ({ id = "" }) =>
    void perform(`Event ${id} is taken again`, () => act(`/api/events/${id}/replay`, {})),
  "try-event": () => void tryEvent(),
  trigger: ({ act: name = "", name: trigger = "" }) =>
    void perform(`${trigger}: ${name}`, () =>
      act(`/api/triggers/${encodeURIComponent(trigger)}/${name}`, {}),
    ),
  aside: ({ act: name = "", ref = "" }) =>
    void perform(`${ref}: ${name}`, () => act(`/api/dead-letters/${ref}/${name}`, {})),
  ack: ({ id = "" }) => void perform("Seen", () => act(`/api/findings/${id}/ack`, {})),
  "ask-add": () =>
    ask({
      title: "Add a task",
      body: addForm(),
      button: "Queue it",
      done: async (fields) => {
        const { task } = await act<{ task: { id: number } }>("/api/tasks", fields);
        tell(`#${task.id} is queued`);
        redrawSoon();
      },
    }),
  "ask-hold": ({ id = "" }) =>
    ask({
      title: `Hold task #${id}`,
      body: holdForm(),
      button: "Hold",
      done: async (fields) => {
        await act(`/api/tasks/${id}/hold`, fields);
        redrawSoon();
      },
    }),
  "ask-raise": ({ limit = "" }) =>
    ask({
      title: "Raise a limit",
      body: raiseForm(limit),
      button: "Raise",
      done: async (fields) => {
        await act("/api/limits/raise", { id: limit, ...fields });
        tell(`${limit} is raised`);
        redrawSoon();
      },
    }),
};

async function tryEvent(): Promise<void> {
  try {
    ask({
      title: "What it would come to now",
      body: await tried(),
      button: "",
      done: () => Promise.resolve(),
    });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    tell(error.message, true);
  }
}

const FORMS: Readonly<Record<string, (form: HTMLFormElement) => void>> = {
  dialog: (form) => void submitDialog(form),
  answer: (form) => {
    const worker = form.dataset["worker"] ?? "";
    const text = new FormData(form).get("text");
    void perform(`${worker} is answered`, () =>
      act(`/api/workers/${encodeURIComponent(worker)}/answer`, { text }),
    );
    form.reset();
  },
  search: (form) => {
    const { query } = placeOf(location.hash);
    const words = new FormData(form).get("containing");
    if (typeof words === "string" && words !== "") query.set("containing", words);
    else query.delete("containing");
    location.hash = `#/tasks?${query.toString()}`;
  },
};

function onKey(event: KeyboardEvent): void {
  const { target, key } = event;
  const isTyping =
    target instanceof HTMLElement && target.closest("input, textarea, select, dialog") !== null;
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  const view = IN_NAV[Number(key) - 1];
  if (view !== undefined) location.hash = `#/${view.name}`;
  else if (key === "/") {
    event.preventDefault();
    if (placeOf(location.hash).name === "tasks") document.getElementById("search")?.focus();
    else location.hash = "#/tasks";
  } else if (key === "n" && viewer.acts) {
    event.preventDefault();
    BUTTONS["ask-add"]?.({});
  } else if (key === "r") void draw();
  else if (key === "?") BUTTONS["help"]?.({});
}

function listen(): void {
  document.addEventListener("click", ({ target }) => {
    if (!(target instanceof Element)) return;
    if (target instanceof HTMLDialogElement) closeDialog();
    const button = target.closest<HTMLElement>("button[data-do]");
    if (button !== null) BUTTONS[button.dataset["do"] ?? ""]?.(button.dataset);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement)) return;
    event.preventDefault();
    FORMS[form.dataset["do"] ?? ""]?.(form);
  });
  document.addEventListener("keydown", onKey);
  addEventListener("hashchange", () => {
    takeKey();
    keepKey();
    scrollTo(0, 0);
    void begin();
  });
}

/** What the key may do is asked first where that is not known yet: it decides what is drawn. */
async function begin(): Promise<void> {
  if (exported === null) {
    try {
      const { rights, timeZone } = await look<Session>(SESSION);
      viewer = { acts: rights === "act" };
      useTimeZone(timeZone);
    } catch {
      // The view says why.
    }
  }
  await draw();
}

/** What is asked first is asked before anything else is done: not one question waits for the answer to another. */
function start(): void {
  takeKey();
  askFirst(location.hash);
  useKeptTheme();
  window.setTimeout(reveal, bareAfterMs);
  listen();
  if (exported !== null) showWritten(exported);
  showFrame(currentView());
  void begin().finally(exported === null ? followOn : undefined);
}

/** Once the first view is there: what happened meanwhile, a first look at the feed does not tell. */
function followOn(): void {
  keepKey();
  setInterval(() => void draw(), redrawMaxMs);
  // Back from a sleep, or from another tab.
  addEventListener("online", redrawSoon);
  document.addEventListener("visibilitychange", redrawSoon);
  void follow({
    happened: redrawSoon,
    heard: (heard) => {
      const [isNew, isBack] = [heard && !isHeard, heard && !isHeard && wasHeard];
      isHeard = heard;
      wasHeard ||= heard;
      if (isBack) void begin();
      else showFrame(currentView());
      if (isNew) redrawSoon();
    },
  });
}

start();
