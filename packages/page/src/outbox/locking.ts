/** How a browser locks a name. */
export interface Locking {
  /** Undefined if it is taken. */
  take(name: string): Promise<Hold | undefined>;
  /** @param tx - the running transaction, which must stay open */
  isTaken(name: string, tx: IDBTransaction | undefined): Promise<boolean>;
}

export interface Hold {
  isLost(): boolean;
  end(): Promise<void>;
  /** Whether others get the lock without waiting while the page is suspended. */
  readonly endsInSleep: boolean;
}
