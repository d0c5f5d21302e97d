import { BloomFilter } from "./bloom-filter.ts";
import type { ImportEvent } from "./import-event.ts";
import { idMark, rowMark } from "./row-id.ts";

interface FirstUse {
  readonly content: string;
  readonly line: number;
}

/**
 * Finds ids that a file gives to two rows of other content: the second would be refused when it is recorded. In a memory that does
 * not grow with the file: a first pass finds out which ids come perhaps more than once, a second one compares those, and those alone.
 */
export class IdConflicts {
  readonly #fileBytes: number;
  #filter: BloomFilter | undefined;
  readonly #firstUses = new Map<string, FirstUse | undefined>();

  /** @param fileBytes - the size of the file, which tells how many rows there may be */
  constructor(fileBytes: number) {
    this.#fileBytes = fileBytes;
  }

  /** Whether a second pass could find any. */
  get mayBe(): boolean {
    return this.#firstUses.size > 0;
  }

  /** Whether the file has ids at all. */
  get hasIds(): boolean {
    return this.#filter !== undefined;
  }

  /** First pass. */
  see({ tenant_id, event_id }: ImportEvent): void {
    if (event_id === undefined) return;
    this.#filter ??= new BloomFilter(this.#fileBytes);
    const mark = idMark(tenant_id, event_id);
    if (!this.#filter.add(mark)) this.#firstUses.set(mark, undefined);
  }

  /** Second pass: the line that gave the row's id to another content; undefined when none did. */
  firstUse(event: ImportEvent, line: number): number | undefined {
    if (event.event_id === undefined) return undefined;
    const mark = idMark(event.tenant_id, event.event_id);
    if (!this.#firstUses.has(mark)) return undefined;
    const content = rowMark(event, "");
    const first = this.#firstUses.get(mark);
    if (first === undefined) this.#firstUses.set(mark, { content, line });
    return first === undefined || first.content === content ? undefined : first.line;
  }
}
