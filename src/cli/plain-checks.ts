/** One call is checked once: compiling its checks first takes longer than it saves. Loaded before any check is made. */
import { config } from "zod";

config({ jitless: true });
