import type { SessionAnswer, SessionChange } from "../outbox/outbox-session.ts";
import type { StoreTransaction } from "../store/store.ts";
import type { SessionRow, SharedSessionRow } from "../store/tables.ts";

type IsAlive = (owner: string) => Promise<boolean>;

/** Applies a session change of the owner with this id. Removes dead owners from the session. */
export const changeSession = async (
  tx: StoreTransaction,
  owner: string,
  change: SessionChange,
  isAlive: IsAlive,
): Promise<SessionAnswer> => {
  if (change.change === "open") return openSession(tx, owner, change.session);
  const shared = await tx.get("sessions", change.session_id);
  const mine = shared?.members[owner] ?? 0;
  if (shared === undefined || mine === 0) return { state: "gone" };
  const { session, members } = shared;
  if (change.change === "finish") {
    tx.delete("sessions", session.session_id);
    return { state: "kept" };
  }
  if (session.ended_at !== undefined) return { state: "gone" };
  if (change.change === "checkpoint") {
    const checkpoint_at = Math.max(session.checkpoint_at, change.at);
    tx.put("sessions", session.session_id, { members, session: { ...session, checkpoint_at } });
    return { state: "kept" };
  }
  const left = { ...members, [owner]: mine - 1 };
  if (await hasMember(left, isAlive)) {
    tx.put("sessions", session.session_id, { session, members: left });
    return { state: "kept" };
  }
  // It stays a member until it has recorded the end, so that nobody else does, unless it dies.
  const ended = { ...session, ended_at: change.at };
  tx.put("sessions", session.session_id, { session: ended, members });
  return { state: "ended", session: ended };
};

const openSession = async (
  tx: StoreTransaction,
  owner: string,
  session: SessionRow,
): Promise<SessionAnswer> => {
  for (const [id, shared] of await tx.range("sessions", {})) {
    if (shared.session.scope !== session.scope || shared.session.ended_at !== undefined) continue;
    tx.put("sessions", id, joinedBy(shared, owner));
    return { state: "joined", session: shared.session };
  }
  tx.put("sessions", session.session_id, { session, members: { [owner]: 1 } });
  return { state: "opened" };
};

const joinedBy = ({ session, members }: SharedSessionRow, owner: string): SharedSessionRow => ({
  session,
  members: { ...members, [owner]: (members[owner] ?? 0) + 1 },
});

/** Sessions none of whose owners is alive: this owner joins them. */
export const claimSessions = async (
  tx: StoreTransaction,
  owner: string,
  isAlive: IsAlive,
): Promise<readonly SessionRow[]> => {
  const claimed: SessionRow[] = [];
  for (const [id, { session, members }] of await tx.range("sessions", {})) {
    if (await hasMember(members, isAlive)) continue;
    tx.put("sessions", id, { session, members: { [owner]: 1 } });
    claimed.push(session);
  }
  return claimed;
};

const hasMember = async (members: SharedSessionRow["members"], isAlive: IsAlive): Promise<boolean> => {
  for (const [member, count] of Object.entries(members))
    if (count > 0 && (await isAlive(member))) return true;
  return false;
};
