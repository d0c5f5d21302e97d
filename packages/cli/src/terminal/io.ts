/** An output stream. */
export interface Output {
  /** Writes the text unchanged. Resolves when there is room for more. */
  write(text: string): Promise<void>;
  readonly isTTY: boolean;
  /** Width in characters. */
  readonly columns: number;
  /** Whether to use colours. */
  readonly coloured: boolean;
}

/** Everything a command knows about its environment. */
export interface Io {
  /** Results. */
  readonly stdout: Output;
  /** Progress, warnings and errors. */
  readonly stderr: Output;
  /** Whether results are printed for programs. */
  readonly json: boolean;
  /** Aborts at Ctrl-C. */
  readonly signal: AbortSignal;
}
