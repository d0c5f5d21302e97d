/** A link of a Markdown file to another file of the repository. */
export interface RelativeLink {
  readonly line: number;
  /** As written, without the part after `#`; empty for a link within the file. */
  readonly target: string;
  /** The part after `#`. */
  readonly anchor?: string;
}

const LINK = /\]\(([^)\s#]*)(?:#([^)\s]+))?[^)]*\)/g;

/** Links that are no addresses. */
export const relativeLinks = (markdown: string): readonly RelativeLink[] =>
  markdown
    .split("\n")
    .flatMap((text, index) =>
      [...text.matchAll(LINK)].flatMap(([, target = "", anchor]) =>
        /^[a-z]+:/i.test(target) || (target === "" && anchor === undefined)
          ? []
          : [{ line: index + 1, target, ...(anchor === undefined ? {} : { anchor }) }],
      ),
    );
