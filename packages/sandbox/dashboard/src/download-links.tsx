import { withQuery } from "./ask.ts";

/** Links to the same rows as files. */
export const DownloadLinks = ({
  of,
  query,
}: {
  readonly of: "usage" | "events";
  readonly query: Readonly<Record<string, string | number | undefined>>;
}) => (
  <p class="downloads">
    Export{" "}
    {(["csv", "ndjson"] as const).map((format) => (
      <a key={format} class="button" download href={withQuery(`sandbox/v1/export/${of}.${format}`, query)}>
        {format.toUpperCase()}
      </a>
    ))}
  </p>
);
