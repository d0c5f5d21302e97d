/** A place to write to. */
export interface Output {
  /** Writes as it is. Settles when there is room for more. */
  write(text: string): Promise<void>;
  readonly isTTY: boolean;
  /** Characters in a line. */
  readonly columns: number;
  /** Whether to use colours. */
  readonly coloured: boolean;
}

/** All that a command knows of the world around it. */
export interface Io {
  /** Results. */
  readonly stdout: Output;
  /** Progress, warnings and errors. */
  readonly stderr: Output;
  /** Whether results are for programs. */
  readonly json: boolean;
  /** Aborts at Ctrl-C. */
  readonly signal: AbortSignal;
}
