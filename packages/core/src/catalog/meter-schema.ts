import * as v from "valibot";
import type { Aggregation, MetadataSchema, MeterType } from "./meter.ts";

const TYPES = ["volume", "performance"] as const satisfies readonly MeterType[];
const AGGREGATIONS = ["sum", "last", "max"] as const satisfies readonly Aggregation[];

const oneOf = (values: readonly string[]): string =>
  values.map((value) => JSON.stringify(value)).join(" or ");

const isMetadataSchema = (value: unknown): value is MetadataSchema => {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  const standard = "~standard" in value ? value["~standard"] : undefined;
  return (
    typeof standard === "object" &&
    standard !== null &&
    "validate" in standard &&
    typeof standard.validate === "function"
  );
};

const fields = () => ({
  type: v.picklist(TYPES, oneOf(TYPES)),
  name: v.optional(v.string("text")),
  description: v.optional(v.string("text")),
  unit: v.optional(v.string("text")),
  aggregation: v.optional(v.picklist(AGGREGATIONS, oneOf(AGGREGATIONS))),
  metadata: v.optional(
    v.custom<MetadataSchema>(isMetadataSchema, "a Standard Schema (an object with `~standard`)"),
  ),
});

/** The fields of a meter. Built on demand, so that a bundle that validates no catalog does not include it. */
export const meterSchema = () =>
  v.object(fields(), ({ expected }) => (expected === "Object" ? "a meter (an object)" : oneOf(TYPES)));

export type MeterSchema = ReturnType<typeof meterSchema>;
