/** Redis in words. */
import type { DoctorCheck } from "./doctor.ts";

export interface RedisState {
  readonly reachable: boolean;
  /** Why not; null = it is, or nobody knows yet. */
  readonly error: string | null;
  /** Events taken from the stream, those taken before included. */
  readonly taken: number;
  /** Entries of the stream that were no events. */
  readonly rejected: number;
  readonly published: number;
  /** Facts that nobody there was told of. */
  readonly unpublished: number;
}

export interface RedisModel {
  /** Host and port, without name and password. */
  readonly address: string;
  readonly prefix: string;
  /** null: no manager is here that would be linked to it. */
  readonly state: RedisState | null;
}

export function redisNotices(model: RedisModel | null): string[] {
  if (model === null || model.state === null || model.state.reachable) return [];
  const why = model.state.error === null ? "" : ` (${model.state.error})`;
  return [`Redis at ${model.address} is not reached${why}: events in it wait there, nobody there is told`];
}

export function redisCheck(model: RedisModel | null): DoctorCheck {
  const name = "redis";
  if (model === null) return { name, verdict: "ok", found: "not used (redis.url is null)", remedy: null };
  const { address, prefix, state } = model;
  const keys = `stream ${prefix}:events, channel ${prefix}:live`;
  if (state === null)
    return {
      name,
      verdict: "ok",
      found: `${address}, ${keys}; no manager is linked to it here`,
      remedy: null,
    };
  const { taken, rejected, published, unpublished } = state;
  const counts = `${taken} events taken, ${rejected} rejected; ${published} facts told, ${unpublished} not`;
  if (state.reachable) return { name, verdict: "ok", found: `${address}, ${keys}: ${counts}`, remedy: null };
  const found = `${address} is not reached${state.error === null ? "" : ` (${state.error})`}; ${counts}`;
  return { name, verdict: "warn", found, remedy: "Start it, or correct redis.url: ctm keeps trying." };
}
