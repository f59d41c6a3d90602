/** A thread that reads record files: given its jobs at the start, it posts what it read, some files at a time. */
import { parentPort, workerData } from "node:worker_threads";
import { readJobs, type ReadJob, type ReadResult } from "./read-jobs.ts";

const batchFiles = 32;

const send = parentPort?.postMessage.bind(parentPort);
const batch: ReadResult[] = [];
for (const result of readJobs(workerData as readonly ReadJob[])) {
  if (batch.push(result) >= batchFiles) send?.(batch.splice(0));
}
send?.(batch);
