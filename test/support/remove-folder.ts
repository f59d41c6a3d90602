/** Taking a test's folder away while programs that are just being ended may still write into it. */
import { rmSync } from "node:fs";
import { waitFor } from "./wait-for.ts";

/** Again from the beginning as long as something new appears in it: the retries of `rm` itself do not look anew. */
export async function removeFolder(folder: string): Promise<void> {
  await waitFor(`${folder} to be removed`, () => {
    try {
      rmSync(folder, { recursive: true, force: true });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOTEMPTY") return false;
      throw error;
    }
  });
}
