/** A thread that reads record files: for each batch of jobs it posts what it read; null ends it. */
import { parentPort } from "node:worker_threads";
import { FileReader } from "./read-file.ts";
import { readJob, type ReadJob } from "./read-jobs.ts";

const reader = new FileReader();

parentPort?.on("message", (jobs: readonly ReadJob[] | null) => {
  if (jobs === null) return parentPort?.close();
  const results = jobs.map((job) => readJob(reader, job));
  parentPort?.postMessage(
    results,
    results.map(({ records }) => records.buffer),
  );
});
