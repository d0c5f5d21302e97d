import { join, resolve } from "node:path";
import { MayHaveCommitted, type Store, type StoreLock, type StoreTransaction } from "@meter-lib/core/store";
import { applyChange, type Journal, openJournal, type RowChange } from "./journal.ts";
import { takeFolder } from "./take-folder.ts";

/** A folder as this process has it: its stores share rows and locks, and take turns. */
interface Folder {
  readonly file: string;
  readonly rows: Map<string, string>;
  readonly locks: Map<string, StoreLock>;
  readonly giveBack: () => void;
  journal?: Journal | undefined;
  last: Promise<unknown>;
  stores: number;
}

const folders = new Map<string, Folder>();

/** A store in a folder, for one process: rows in memory, and a journal that has each transaction before it counts as done. */
export const fileStore = (path: string): Store => {
  const at = resolve(path);
  const own = new Set<StoreLock>();
  let folder: Folder | undefined;
  const here = (): Folder => {
    if (folder === undefined) throw new Error(`${path} is not open`);
    return folder;
  };
  return {
    name: `file ${path}`,
    durable: true,
    open: () => {
      folder ??= folders.get(at) ?? newFolder(at);
      folders.set(at, folder);
      folder.stores++;
      return [];
    },
    transact: (work) => {
      const answer = here().last.then(() => transact(here(), work));
      here().last = answer.catch(() => {});
      return answer;
    },
    lock: (name) => {
      const { locks } = here();
      if (locks.has(name)) return undefined;
      const isHeld = () => locks.get(name) === lock;
      const lock: StoreLock = { isHeld, release: () => void (isHeld() && locks.delete(name)) };
      own.add(lock);
      locks.set(name, lock);
      return lock;
    },
    isLocked: (name) => here().locks.has(name),
    close: async () => {
      for (const lock of own) await lock.release();
      if (folder !== undefined && --folder.stores === 0) {
        folders.delete(at);
        folder.journal?.close();
        folder.giveBack();
      }
      folder = undefined;
    },
  };
};

const newFolder = (at: string): Folder => {
  const shared = { rows: new Map<string, string>(), locks: new Map<string, StoreLock>(), stores: 0 };
  return { ...shared, giveBack: takeFolder(at), file: join(at, "journal"), last: Promise.resolve() };
};

type Work<Answer> = (tx: StoreTransaction) => Answer | PromiseLike<Answer>;

const transact = async <Answer>(folder: Folder, work: Work<Answer>): Promise<Answer> => {
  const { rows, file } = folder;
  folder.journal ??= openJournal(file, rows);
  const [changes, undo]: [RowChange[], RowChange[]] = [[], []];
  const change = (name: string, json: string | null): void => {
    undo.unshift([name, rows.get(name) ?? null]);
    changes.push([name, json]);
    applyChange(rows, [name, json]);
  };
  const value = (name: string) => JSON.parse(rows.get(name) ?? "null") ?? undefined;
  try {
    const answer = await work({
      get: (table, key) => value(`${table} ${key}`),
      put: (table, key, row) => change(`${table} ${key}`, JSON.stringify(row)),
      delete: (table, key) => change(`${table} ${key}`, null),
      range: (table, { from = "", before, limit, reverse }) => {
        const end = before === undefined ? `${table}!` : `${table} ${before}`;
        const names = [...rows.keys()].filter((name) => name >= `${table} ${from}` && name < end).sort();
        const chosen = (reverse ? names.reverse() : names).slice(0, limit);
        return chosen.map((name) => [name.slice(table.length + 1), value(name)]);
      },
    });
    if (changes.length > 0) append(folder, folder.journal, changes);
    return answer;
  } catch (error) {
    for (const one of undo) applyChange(rows, one);
    throw error;
  }
};

const append = (folder: Folder, journal: Journal, changes: readonly RowChange[]): void => {
  try {
    journal.append(changes);
  } catch (cause) {
    // What the disk has now, the next transaction reads.
    folder.journal = undefined;
    journal.close();
    throw new MayHaveCommitted(`${folder.file} was not written`, { cause });
  }
};
