/** TypeScript of a Markdown file: one block, with those that continue it. */
export interface Snippet {
  /** Line of the first block's first line in the file, from 1. */
  readonly line: number;
  /** The code, each line where it stands in the file, so that the compiler's line numbers are the file's. */
  readonly code: string;
  /** Whether it is run, not only compiled. */
  readonly runs: boolean;
}

const OPEN = /^( *)```ts( .*)?$/;

/**
 * The fenced blocks that begin with `ts`: `ts run` is also run, `ts continue` goes on where the block before it ended, `ts file=a.ts` is a
 * file of a newcomer's project. `ts twoslash` is left to the build of the site, which shows its errors.
 *
 * @throws Error for a block without an end, an unknown word after `ts`, or a continuation of nothing
 */
export const snippetsOf = (markdown: string): readonly Snippet[] => {
  const lines = markdown.split("\n");
  const snippets: { line: number; code: string[]; runs: boolean }[] = [];
  for (let index = 0; index < lines.length; index++) {
    const open = OPEN.exec(lines[index] ?? "");
    if (open === null) continue;
    const word = open[2]?.trim() ?? "";
    if (/^twoslash\b/.test(word)) continue;
    if (!/^(run|continue|file=\S+)?$/.test(word))
      throw new Error(`line ${index + 1}: "ts ${word}" is not known`);
    const start = index + 1;
    const end = lines.indexOf(`${open[1] ?? ""}\`\`\``, start);
    if (end < 0) throw new Error(`line ${start}: the block has no end`);
    const body = lines.slice(start, end);
    const last = snippets.at(-1);
    if (word === "continue") {
      if (last === undefined) throw new Error(`line ${start}: the block continues nothing`);
      last.code.push(...Array<string>(start - last.code.length).fill(""), ...body);
    } else {
      snippets.push({
        line: start + 1,
        code: [...Array<string>(start).fill(""), ...body],
        runs: word === "run",
      });
    }
    index = end;
  }
  return snippets.map(({ line, code, runs }) => ({ line, code: `${code.join("\n")}\nexport {};\n`, runs }));
};
