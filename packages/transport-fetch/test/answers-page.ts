import { readFileSync } from "node:fs";

const page = readFileSync(new URL("../../../docs/concepts/answers.md", import.meta.url), "utf8");

/** The verdicts that docs/concepts/answers.md promises, by status. */
export const documentedStatuses: ReadonlyMap<number, string> = new Map(
  [...page.matchAll(/^\| (?<status>\d{3}) +\| `(?<verdict>\w+)`/gm)].map(({ groups = {} }) => [
    Number(groups.status),
    groups.verdict ?? "",
  ]),
);

/** The same, by code. */
export const documentedCodes: readonly (readonly [code: string, verdict: string])[] = [
  ...page.matchAll(/^\| (?<codes>`\w+`(?:, `\w+`)*) +\| `(?<verdict>unavailable|blocked)` +\|/gm),
].flatMap(({ groups = {} }) =>
  namesIn(groups.codes ?? "").map((code): [string, string] => [code, groups.verdict ?? ""]),
);

/** TLS alerts without the prefix of their codes. */
export const documentedAlerts: readonly string[] = namesIn(
  page.slice(
    page.indexOf("SSL/TLS_ALERT_…`): ") + "SSL/TLS_ALERT_…`): ".length,
    page.indexOf("Everything else is ambiguous. This includes `ECONNRESET`"),
  ),
);

function namesIn(text: string): readonly string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
}
