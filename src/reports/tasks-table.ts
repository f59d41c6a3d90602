/** The list of tasks: one line a task, its text taking what is left. */
import type { Task } from "../tasks/task.ts";
import { cut, fitLines, oneLine } from "./cells.ts";
import { heading } from "./lines.ts";
import { NOTHING } from "./numbers.ts";
import { paintFor, type Painter } from "./paint.ts";
import { lineWidth, type Paper } from "./paper.ts";
import { type Cell, type Column, tableLines } from "./table.ts";
import { span } from "./times.ts";
import { modelCell, nameCell } from "./workers-table.ts";

/** Draws the tasks in the order given. */
export function renderTasks(tasks: readonly Task[], paper: Paper): string[] {
  const lines = heading("TASKS", [], "  ", paper);
  if (tasks.length === 0) return [...lines, "  No such task."];
  const width = lineWidth(paper);
  const options = { width, rows: tasks.length, heading: true, paintHeading: paintFor(paper).faint };
  return fitLines([...lines, ...tableLines(taskColumns(tasks, paper), options)], paper);
}

function taskColumns(tasks: readonly Task[], paper: Paper): Column[] {
  const gap = "  ";
  return [
    { head: "id", before: gap, align: "right", cells: tasks.map((task) => String(task.id)) },
    { head: "state", before: gap, align: "left", cells: tasks.map((task) => taskStateCell(task, paper)) },
    {
      head: "priority",
      before: gap,
      align: "left",
      leaves: 4,
      cells: tasks.map((task) => task.draft.priority),
    },
    { head: "type", before: gap, align: "left", leaves: 2, cells: tasks.map((task) => task.assignment.type) },
    {
      head: "model",
      before: gap,
      align: "left",
      leaves: 1,
      cells: tasks.map((task) => modelCell(task.assignment.model, paper)),
    },
    {
      head: "worker",
      before: gap,
      align: "left",
      leaves: 0,
      cells: tasks.map((task) => workerCell(task, paper)),
    },
    {
      head: "age",
      before: gap,
      align: "right",
      leaves: 3,
      cells: tasks.map((task) => span(paper.nowMs - task.createdAtMs)),
    },
    {
      head: "text",
      before: gap,
      min: 20,
      max: 400,
      draw: (index, width) => cut(oneLine(tasks[index]?.draft.text ?? ""), width, paper),
    },
  ];
}

/** A task's state in one word; a queued task that a person or a limit holds is `held`. */
export function taskStateCell(task: Task, paper: Paper): Cell {
  const paint = paintFor(paper);
  const { state } = task;
  const plain: Painter = (text) => text;
  switch (state.name) {
    case "queued":
      return state.holdReason === null
        ? { text: "queued", paint: plain }
        : { text: "held", paint: paint.warn };
    case "needs-input":
      return { text: state.name, paint: paint.loud };
    case "parked":
      return { text: state.name, paint: paint.warn };
    case "completed":
      return { text: state.name, paint: paint.good };
    case "failed":
    case "lost":
      return { text: state.name, paint: paint.bad };
    case "cancelled":
      return { text: state.name, paint: paint.faint };
    case "reserved":
    case "dispatching":
    case "dispatched":
    case "running":
      return { text: state.name, paint: plain };
    default:
      return state satisfies never;
  }
}

/** The worker that has it, or the one a person asked for; ended tasks keep no worker of their own. */
function workerCell(task: Task, paper: Paper): string {
  const { state, draft } = task;
  const worker = "worker" in state ? state.worker : draft.worker;
  return worker === null ? NOTHING : nameCell(worker, paper);
}
