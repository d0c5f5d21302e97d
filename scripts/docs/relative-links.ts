/** A link of a Markdown file to another file of the repository. */
export interface RelativeLink {
  readonly line: number;
  /** As written, without the part after `#`. */
  readonly target: string;
}

const LINK = /\]\(([^)\s#]+)[^)]*\)/g;

/** Links that are no addresses; those within the file itself are left out. */
export const relativeLinks = (markdown: string): readonly RelativeLink[] =>
  markdown
    .split("\n")
    .flatMap((text, index) =>
      [...text.matchAll(LINK)].flatMap(([, target]) =>
        target === undefined || /^[a-z]+:/i.test(target) ? [] : [{ line: index + 1, target }],
      ),
    );
