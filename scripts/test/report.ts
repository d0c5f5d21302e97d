/** Counts what passed and failed, and prints it as it goes. */
export class Report {
  passed = 0;
  skipped = 0;
  readonly failures: string[] = [];
  #started = performance.now();
  #section = "";
  #sectionStarted = 0;

  /** Begins a section, and ends the one before. */
  section(title: string): void {
    this.#endSection();
    this.#section = title;
    this.#sectionStarted = performance.now();
    console.log(`\n── ${title} ${"─".repeat(Math.max(3, 76 - title.length))}`);
  }

  /** One check of a section; what it wrote is shown when it failed. */
  check(name: string, ok: boolean, output = ""): void {
    if (ok) this.passed++;
    else this.failures.push(`${this.#section}: ${name}`);
    console.log(`${ok ? " ✓" : " ✗"} ${name}`);
    if (!ok && output.trim() !== "") console.log(`${output.trimEnd()}\n`);
  }

  /** Checks that printed themselves. */
  add(counts: {
    readonly passed: number;
    readonly failed: readonly string[];
    readonly skipped: number;
  }): void {
    this.passed += counts.passed;
    this.skipped += counts.skipped;
    this.failures.push(...counts.failed.map((name) => `${this.#section}: ${name}`));
  }

  /** The last lines; answers whether all passed. */
  end(): boolean {
    this.#endSection();
    const { failures, passed, skipped } = this;
    if (failures.length > 0) console.log(`\nFailed:\n${failures.map((name) => ` ✗ ${name}`).join("\n")}`);
    console.log(
      `\n${passed} passed, ${failures.length} failed${skipped === 0 ? "" : `, ${skipped} skipped`} (${secondsSince(this.#started)})`,
    );
    return failures.length === 0;
  }

  #endSection(): void {
    if (this.#section !== "") console.log(`   ${secondsSince(this.#sectionStarted)}`);
  }
}

const secondsSince = (start: number): string => `${((performance.now() - start) / 1000).toFixed(1)} s`;
