/** The library's face. */
export { openApp, type App, type OpenOptions, type Submission } from "./app.ts";
export { CtmError, type ErrorCode } from "./base/errors.ts";
export { loadConfig, type Config } from "./config.ts";
export {
  delegate,
  explain,
  type DelegationRequest,
  type DelegationRules,
  type Explanation,
} from "./delegation/delegate.ts";
export { getDelegator, type DelegatedTask, type Delegator } from "./delegation/delegator.ts";
export type { Fact } from "./events/facts.ts";
export { PRIORITIES, type Priority } from "./tasks/priority.ts";
export type { Assignment, Task, TaskDraft, TaskState, TaskType } from "./tasks/task.ts";
export { LEVELS, type Level } from "./throttle/levels.ts";
export type { Limit } from "./throttle/limits.ts";
export { Throttle, type Admission, type AdmissionRequest, type ThrottlePolicy } from "./throttle/throttle.ts";
