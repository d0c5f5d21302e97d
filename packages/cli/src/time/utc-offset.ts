const LARGEST_OFFSET_HOURS = 15;

/** Milliseconds ahead of UTC. */
export const offsetMs = (zone: string): number | undefined => {
  const [, sign, hours, minutes = "0"] = /^([+-])(\d\d):?(\d\d)?/.exec(zone) ?? [];
  if (hours === undefined) return 0;
  if (Number(hours) > LARGEST_OFFSET_HOURS || Number(minutes) > 59) return undefined;
  return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
};
