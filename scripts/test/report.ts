/** Counts what passed and failed in sections, and prints it. */
export class Report {
  readonly #started = performance.now();
  readonly #sections: Section[] = [];
  #endOpen: (() => void) | undefined;

  /** Runs a section, prints it under its title when it has ended, and says how long it took. Others may go on beside it. */
  async section(title: string, work: (section: Section) => Promise<void>): Promise<void> {
    const [section, end] = this.#begin(title, false);
    await work(section);
    end();
  }

  /** Begins a section that is printed as it goes, and ends the one that was begun so before. */
  begin(title: string): Section {
    this.#endOpen?.();
    const [section, end] = this.#begin(title, true);
    section.print();
    this.#endOpen = end;
    return section;
  }

  /** The last lines; answers whether all passed. */
  end(): boolean {
    this.#endOpen?.();
    const failures = this.#sections.flatMap(({ title, failed }) => failed.map((name) => `${title}: ${name}`));
    const sum = (field: "passed" | "skipped"): number =>
      this.#sections.reduce((total, section) => total + section[field], 0);
    const skipped = sum("skipped");
    if (failures.length > 0) console.log(`\nFailed:\n${failures.map((name) => ` ✗ ${name}`).join("\n")}`);
    console.log(
      `\n${sum("passed")} passed, ${failures.length} failed${skipped === 0 ? "" : `, ${skipped} skipped`} (${secondsSince(this.#started)})`,
    );
    return failures.length === 0;
  }

  #begin(title: string, isLive: boolean): readonly [Section, () => void] {
    const started = performance.now();
    const section = new Section(title, isLive);
    this.#sections.push(section);
    return [section, () => section.print(`   ${secondsSince(started)}`)];
  }
}

/** What belongs together. */
export class Section {
  readonly title: string;
  passed = 0;
  skipped = 0;
  readonly failed: string[] = [];
  #lines: string[] = [];
  #isTitled = false;

  readonly #isLive: boolean;

  constructor(title: string, isLive: boolean) {
    this.title = title;
    this.#isLive = isLive;
  }

  /** One check; what it wrote is shown when it failed. */
  check(name: string, ok: boolean, output = ""): void {
    if (ok) this.passed++;
    else this.failed.push(name);
    this.#lines.push(`${ok ? " ✓" : " ✗"} ${name}`);
    if (!ok && output.trim() !== "") this.#lines.push(`${output.trimEnd()}\n`);
    if (this.#isLive) this.print();
  }

  /** Checks that printed themselves. */
  add(counts: {
    readonly passed: number;
    readonly failed: readonly string[];
    readonly skipped: number;
  }): void {
    this.passed += counts.passed;
    this.skipped += counts.skipped;
    this.failed.push(...counts.failed);
  }

  /** Prints what there is so far: before something that prints by itself. */
  print(...more: readonly string[]): void {
    if (!this.#isTitled) console.log(`\n── ${this.title} ${"─".repeat(Math.max(3, 76 - this.title.length))}`);
    this.#isTitled = true;
    for (const line of [...this.#lines, ...more]) console.log(line);
    this.#lines = [];
  }
}

const secondsSince = (start: number): string => `${((performance.now() - start) / 1000).toFixed(1)} s`;
