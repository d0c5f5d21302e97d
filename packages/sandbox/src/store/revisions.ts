import type { DatabaseSync } from "node:sqlite";
import { numberIn, numberOrNullIn } from "./column.ts";
import { ACCEPTED } from "./schema.ts";

/** An event that arrived under an identity for the first time, or a correction of one. */
export interface ArrivedRevision {
  readonly tenant: number;
  /** Of the identity: a correction's own id is another. */
  readonly event_id: string;
  /** 0 of an event that is no correction. */
  readonly revision: number;
  readonly cancels: boolean;
  /** Its number in the log. */
  readonly id: number;
}

export interface Revisions {
  /** Whether the event that arrived counts, and the number of the one that counts no more. Within the transaction of the batch. */
  take(arrived: ArrivedRevision): { readonly counts: boolean; readonly replaced: number | undefined };
  /** Clears the cache after a rollback or a reset. */
  reload(): void;
}

/** Keeps the highest revision of each identity, in whatever order they arrive. */
export const createRevisions = (database: DatabaseSync): Revisions => {
  const count = database.prepare("SELECT count(*) AS rows FROM revisions");
  const select = database.prepare("SELECT revision, event FROM revisions WHERE event_id = ? AND tenant = ?");
  const selectFirst = database.prepare(
    `SELECT id FROM events WHERE event_id = ? AND tenant = ? AND counts = 1 AND state = ${ACCEPTED}`,
  );
  const upsert = database.prepare(`
    INSERT INTO revisions (event_id, tenant, revision, event) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET revision = excluded.revision, event = excluded.event`);
  // Most sandboxes have no corrections: their events need no look.
  let isAny = false;
  const reload = (): void => {
    isAny = numberIn(count.get() ?? {}, "rows") > 0;
  };
  reload();

  return {
    take: ({ tenant, event_id, revision, cancels, id }) => {
      if (revision === 0 && !isAny) return { counts: true, replaced: undefined };
      const known = select.get(event_id, tenant);
      if (known === undefined && revision === 0) return { counts: true, replaced: undefined };
      if (known !== undefined && numberIn(known, "revision") >= revision)
        return { counts: false, replaced: undefined };
      const before = known ?? selectFirst.get(event_id, tenant);
      upsert.run(event_id, tenant, revision, cancels ? null : id);
      isAny = true;
      const replaced =
        before === undefined ? null : numberOrNullIn(before, known === undefined ? "id" : "event");
      return { counts: !cancels, replaced: replaced ?? undefined };
    },
    reload,
  };
};
