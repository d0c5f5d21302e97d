import type { ComponentChildren } from "preact";
import type { Figures as Told } from "../../src/store/usage-totals.ts";
import { changeText, compactText, durationText, numberText, unitText } from "./number-text.ts";

interface Figure {
  readonly name: string;
  readonly value: number;
  readonly before: number | undefined;
  /** Where more of it is to be seen. */
  readonly href?: string;
  /** More of it is worse. */
  readonly bad?: boolean;
  readonly unit?: string;
  readonly text?: string;
}

const Change = ({ value, before, bad = false }: Pick<Figure, "value" | "before" | "bad">) => {
  if (before === undefined) return null;
  const words: ComponentChildren =
    before === value ? "as before" : before === 0 ? "none before" : `${changeText(value, before)}`;
  const worse = bad && value > before;
  return (
    <dd class={worse ? "change bad-text" : "change"} title={`${numberText(before)} in the period before`}>
      {words}
    </dd>
  );
};

/** What a time comes to, beside the time as long before it. */
export const Figures = ({
  now,
  before,
  unit,
  measuresTime,
  linkOf,
}: {
  readonly now: Told;
  readonly before: Told | null;
  readonly unit: string | undefined;
  /** Of a meter that counts time, durations are the usage. */
  readonly measuresTime: boolean;
  /** The events behind a figure, by their state. */
  readonly linkOf: (state: string) => string;
}) => {
  const usage = measuresTime ? now.duration_ms : now.total_usage;
  const figures: readonly Figure[] = [
    ...(usage === null
      ? []
      : [
          {
            name: "Usage",
            value: usage,
            before: (measuresTime ? before?.duration_ms : before?.total_usage) ?? undefined,
            ...(measuresTime ? { text: durationText(usage) } : { unit: unitText(usage, unit ?? "unit") }),
          },
        ]),
    { name: "Events", value: now.events, before: before?.events, href: linkOf("") },
    { name: "Customers", value: now.customers, before: before?.customers },
    { name: "Duplicates", value: now.duplicates, before: before?.duplicates, href: linkOf("duplicate") },
    {
      name: "Conflicts",
      value: now.conflicts,
      before: before?.conflicts,
      href: linkOf("conflict"),
      bad: true,
    },
    { name: "Refused", value: now.refused, before: before?.refused, href: linkOf("refused"), bad: true },
    { name: "Late", value: now.late, before: before?.late, bad: true },
  ];
  return (
    <dl class="tiles" aria-label="Figures">
      {figures.map(({ name, value, before: earlier, href, bad = false, unit: of, text }) => (
        <div key={name} class="tile">
          <dt>{href === undefined ? name : <a href={href}>{name}</a>}</dt>
          <dd title={`${numberText(value)} ${of ?? ""}`}>
            <strong>{text ?? compactText(value)}</strong>{" "}
            {of !== undefined && <span class="quiet">{of}</span>}
          </dd>
          <Change value={value} before={earlier} bad={bad} />
        </div>
      ))}
    </dl>
  );
};
