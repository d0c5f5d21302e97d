import type { Command } from "commander";
import { connect } from "../backend/connect.ts";
import { checkBackend } from "../doctor/check-backend.ts";
import { checkDedup } from "../doctor/check-dedup.ts";
import { checkLookup } from "../doctor/check-lookup.ts";
import type { Finding } from "../doctor/finding.ts";
import { EXIT } from "../errors/exit-code.ts";
import { type ConnectionFlags, withConnection } from "../flags/connection-flags.ts";
import type { Invoke } from "../invoke.ts";
import type { Io } from "../terminal/io.ts";
import { bad, dim, good, type Line, warn } from "../terminal/line.ts";
import type { Report } from "../terminal/report.ts";

interface DoctorFlags extends ConnectionFlags {
  readonly tenant?: string;
  readonly send?: boolean;
}

/** Checks everything that must work for an event to be counted. Reports what was found and what to do. */
const doctor = async (flags: DoctorFlags, io: Io): Promise<Report> => {
  const ways = connect(flags, io);
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
            found: "not checked",
            advice: "add --tenant ID --send to post an event of 0 units twice",
          } as const,
        ]),
  ];
  const failed = findings.filter(({ state }) => state === "bad").length;
  return {
    exit: failed > 0 ? EXIT.findings : EXIT.done,
    lines: findings.map(lineOf),
    data: { healthy: failed === 0, findings },
  };
};

const MARKS = { good: good("ok  "), warn: warn("warn"), bad: bad("FAIL"), unknown: dim("?   ") } as const;

const lineOf = ({ check, state, found, advice }: Finding): Line => [
  MARKS[state],
  `  ${check.padEnd(11)}  ${found}`,
  ...(advice === undefined ? [] : [dim(` → ${advice}`)]),
];

export const doctorCommand = (command: Command, invoke: Invoke): Command =>
  withConnection(
    command
      .optionsGroup("Options:")
      .option("--tenant <id>", "also look up this tenant's customer")
      .option("--send", "also post an event of 0 units twice, to test deduplication"),
  )
    .addHelpText(
      "after",
      `
Exits with 4 if a check fails.

Examples:
  $ meter doctor --base-url http://127.0.0.1:8099
  $ meter doctor --tenant tenant_123 --send`,
    )
    .action((flags: DoctorFlags) => invoke(command, (io) => doctor(flags, io)));
