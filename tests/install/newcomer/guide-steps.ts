/** What a reader of a guide does: writes a file, runs a command to its end, or starts one and leaves it running. */
export type GuideStep =
  | { readonly kind: "file"; readonly name: string; readonly text: string }
  | { readonly kind: "run" | "start"; readonly command: string };

const BLOCK = /^```(\w+) ?(.*)\n([\s\S]*?)^```$/gm;

/**
 * The steps of one chapter (`## title`) of a Markdown file, in order: `sh` blocks line by line, `sh background`, and blocks with `file=name`.
 *
 * @throws Error when there is no such chapter, or nothing to do in it
 */
export const guideSteps = (markdown: string, title: string): readonly GuideStep[] => {
  const chapter = markdown.split(/^## /m).find((part) => part.startsWith(`${title}\n`));
  const steps = [...(chapter ?? "").matchAll(BLOCK)].flatMap(
    ([, language, words = "", text = ""]): GuideStep[] => {
      const name = /^file=(\S+)$/.exec(words)?.[1];
      if (name !== undefined) return [{ kind: "file", name, text }];
      if (language !== "sh") return [];
      const kind = words === "background" ? "start" : "run";
      return text
        .split("\n")
        .filter((line) => line !== "")
        .map((command) => ({ kind, command }));
    },
  );
  if (steps.length === 0) throw new Error(`there is nothing to do in a chapter "${title}"`);
  return steps;
};
