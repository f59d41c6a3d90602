/** Random numbers that a seed brings back. */
export { generator } from "../../src/base/seeded-random.ts";
