import { connect } from "../connect.ts";
import { checkBackend } from "../doctor/check-backend.ts";
import { checkDedup } from "../doctor/check-dedup.ts";
import { checkLookup } from "../doctor/check-lookup.ts";
import type { Finding } from "../doctor/finding.ts";
import { EXIT } from "../exit-code.ts";
import type { ConnectionFlags } from "../flags/connection-flags.ts";
import type { Report } from "../report.ts";
import type { Io } from "../terminal/io.ts";
import type { Paint } from "../terminal/paint.ts";

export interface DoctorFlags extends ConnectionFlags {
  readonly tenant?: string;
  readonly send?: boolean;
}

/** Looks at everything that must work before an event is counted; tells what was found and what to do. */
export const doctor = async (flags: DoctorFlags, io: Io): Promise<Report> => {
  const ways = connect(flags);
  const { connection, customerLookup } = ways;
  const { signal } = io;
  const findings: Finding[] = [
    {
      check: "settings",
      state: "good",
      found: `${connection.dialect} to ${connection.baseUrl}, customers by ${connection.lookupRoute}`,
    },
    ...(await checkBackend(connection, signal)),
    ...(await checkLookup(connection, customerLookup, flags.tenant, signal)),
    ...(flags.send && flags.tenant !== undefined
      ? await checkDedup(ways, flags.tenant, signal)
      : [
          {
            check: "dedup",
            state: "unknown",
            found: "not looked at",
            advice: "--tenant ID --send posts an event of 0 units twice",
          } as const,
        ]),
  ];
  const bad = findings.filter(({ state }) => state === "bad").length;
  return {
    exit: bad > 0 ? EXIT.findings : EXIT.done,
    text: findings.map((finding) => lineOf(finding, io.stdout.paint)).join("\n"),
    data: { healthy: bad === 0, findings },
  };
};

const MARKS = { good: "ok", warn: "warn", bad: "FAIL", unknown: "?" } as const;

const lineOf = ({ check, state, found, advice }: Finding, paint: Paint): string => {
  const mark = MARKS[state].padEnd(4);
  const shown = { good: paint.good, warn: paint.warn, bad: paint.bad, unknown: paint.dim }[state](mark);
  return `${shown}  ${check.padEnd(11)}  ${found}${advice === undefined ? "" : paint.dim(` → ${advice}`)}`;
};
