/** The four priorities, lowest first. A task without one is `normal`. */
export const PRIORITIES = ["low", "normal", "high", "critical"] as const;
export type Priority = (typeof PRIORITIES)[number];

/** 0 (low) to 3 (critical): how priorities are compared and stored. */
export function priorityRank(priority: Priority): number {
  return PRIORITIES.indexOf(priority);
}

/** The priority of a stored rank. Throws a RangeError on any other number: the ledger is then not ours. */
export function priorityOfRank(rank: number): Priority {
  const priority = PRIORITIES[rank];
  if (priority === undefined) throw new RangeError(`no priority has rank ${rank}`);
  return priority;
}
