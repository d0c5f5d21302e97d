import type { SessionAnswer, SessionChange, SessionRow } from "@meter-lib/core";
import type { StoredSession } from "./outbox-schema.ts";
import type { OutboxWrite } from "./outbox-write.ts";

const bare = ({ holders: _, ...session }: StoredSession): SessionRow => session;

/** Carries out one change of the owner `me`. */
export const changeSession = async (
  write: OutboxWrite,
  me: string,
  change: SessionChange,
): Promise<SessionAnswer> => {
  const { sessions } = write;
  if (change.change === "open") return openSession(write, me, change.session);
  const stored = await sessions.get(change.session_id);
  const times = stored?.holders[me];
  if (stored === undefined || times === undefined) return { state: "gone" };
  if (change.change === "finish") {
    write.do(sessions.delete(change.session_id));
    return { state: "kept" };
  }
  if (stored.ended_at !== undefined) return { state: "gone" };
  if (change.change === "checkpoint") {
    const checkpoint_at = Math.max(stored.checkpoint_at, change.at);
    write.do(sessions.put({ ...stored, checkpoint_at }));
    return { state: "kept" };
  }
  const present = Object.values(stored.holders).reduce((sum, count) => sum + count, 0);
  if (present > 1) {
    const { [me]: _, ...others } = stored.holders;
    write.do(sessions.put({ ...stored, holders: times > 1 ? { ...others, [me]: times - 1 } : others }));
    return { state: "kept" };
  }
  // The last one stays its holder until the end is recorded, so that nobody else recovers it meanwhile.
  const last = { ...stored, ended_at: change.at };
  write.do(sessions.put(last));
  return { state: "ended", session: bare(last) };
};

/** Takes up the sessions that nobody is in. */
export const claimAbandoned = async (write: OutboxWrite, me: string): Promise<readonly SessionRow[]> => {
  const abandoned = (await write.sessions.getAll()).filter(
    ({ holders }) => Object.keys(holders).length === 0,
  );
  for (const session of abandoned) write.do(write.sessions.put({ ...session, holders: { [me]: 1 } }));
  return abandoned.map(bare);
};

/** Takes an owner out of all sessions without ending them. */
export const vacateSessions = async (write: OutboxWrite, owner: string): Promise<void> => {
  for (const session of await write.sessions.getAll()) {
    const { [owner]: times, ...holders } = session.holders;
    if (times !== undefined) write.do(write.sessions.put({ ...session, holders }));
  }
};

const openSession = async (write: OutboxWrite, me: string, opened: SessionRow): Promise<SessionAnswer> => {
  const all = await write.sessions.getAll();
  const open = all.find(({ scope, ended_at }) => scope === opened.scope && ended_at === undefined);
  if (open !== undefined) {
    const holders = { ...open.holders, [me]: (open.holders[me] ?? 0) + 1 };
    write.do(write.sessions.put({ ...open, holders }));
    return { state: "joined", session: bare(open) };
  }
  // An id of a session that ended: not this owner's.
  if (all.some(({ session_id }) => session_id === opened.session_id)) return { state: "gone" };
  write.do(write.sessions.put({ ...opened, holders: { [me]: 1 } }));
  return { state: "opened" };
};
