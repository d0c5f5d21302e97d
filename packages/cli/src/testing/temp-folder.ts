import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder for one test, removed afterwards. */
export class TempFolder implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async create(): Promise<TempFolder> {
    return new TempFolder(await mkdtemp(join(tmpdir(), "meter-cli-")));
  }

  /** Writes a file into it, and returns its path. */
  async file(name: string, text: string): Promise<string> {
    const path = join(this.path, name);
    await writeFile(path, text);
    return path;
  }

  /** Its files by name. */
  async contents(): Promise<Readonly<Record<string, string>>> {
    const names = await readdir(this.path);
    const texts = names.sort().map(async (name) => [name, await readFile(join(this.path, name), "latin1")]);
    return Object.fromEntries(await Promise.all(texts));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true });
  }
}
