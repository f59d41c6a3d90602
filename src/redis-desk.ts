/** How it stands with Redis, as a person asks: is it there, since when, and what came and went. */
import type { Config } from "./config.ts";
import { shownAddress } from "./config-redis.ts";
import type { RedisModel, RedisState } from "./reports/redis.ts";
import { redisNotices } from "./reports/redis.ts";

export class RedisDesk {
  readonly #config: Config["redis"];
  #state: RedisState | null = null;

  constructor(config: Config["redis"]) {
    this.#config = config;
  }

  /** What the link to it says of itself. */
  note(state: RedisState): void {
    this.#state = state;
  }

  /** null: it is not wished for. */
  model(): RedisModel | null {
    const { url, prefix } = this.#config;
    return url === null ? null : { address: shownAddress(url), prefix, state: this.#state };
  }

  /** What a person should know, a sentence each. */
  notices(): string[] {
    return redisNotices(this.model());
  }
}
