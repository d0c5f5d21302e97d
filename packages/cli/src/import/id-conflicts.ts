import { BloomFilter } from "./bloom-filter.ts";
import type { ImportEvent } from "./import-event.ts";
import { idMark, rowMark } from "./row-id.ts";

interface FirstUse {
  readonly content: string;
  readonly line: number;
}

/**
 * Finds ids that a file uses for rows with different content: the second row would be refused when it is recorded. Memory does not grow
 * with the file: a first pass finds ids that may repeat, a second pass compares only those.
 */
export class IdConflicts {
  readonly #fileBytes: number;
  #filter: BloomFilter | undefined;
  readonly #firstUses = new Map<string, FirstUse | undefined>();

  /** @param fileBytes - the size of the file, to estimate the number of rows */
  constructor(fileBytes: number) {
    this.#fileBytes = fileBytes;
  }

  /** Whether a second pass could find any. */
  get mayBe(): boolean {
    return this.#firstUses.size > 0;
  }

  /** First pass. */
  see({ tenant_id, event_id }: ImportEvent): void {
    if (event_id === undefined) return;
    this.#filter ??= new BloomFilter(this.#fileBytes);
    const mark = idMark(tenant_id, event_id);
    if (!this.#filter.add(mark)) this.#firstUses.set(mark, undefined);
  }

  /** Second pass: returns the line that used the row's id for different content, or undefined. */
  firstUse(event: ImportEvent, line: number): number | undefined {
    if (event.event_id === undefined) return undefined;
    const mark = idMark(event.tenant_id, event.event_id);
    if (!this.#firstUses.has(mark)) return undefined;
    const content = rowMark(event, "");
    const first = this.#firstUses.get(mark);
    if (first === undefined) this.#firstUses.set(mark, { content, line });
    return first === undefined || first.content === content ? undefined : first.line;
  }

  /** Later passes: whether an earlier line has the row's id, with the same content. */
  isRepeat({ tenant_id, event_id }: ImportEvent, line: number): boolean {
    const first = event_id === undefined ? undefined : this.#firstUses.get(idMark(tenant_id, event_id));
    return first !== undefined && first.line < line;
  }
}
