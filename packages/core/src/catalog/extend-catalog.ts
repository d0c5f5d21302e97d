import { MeterError } from "../errors/meter-error.ts";
import type { Catalog } from "./catalog.ts";
import { defineCatalog } from "./define-catalog.ts";
import { freezeCatalog } from "./freeze-catalog.ts";

/** Appears in compiler messages: the base catalog already has a meter with this id. No value has this type. */
export interface AlreadyInCatalog {
  readonly "~expected": "an id that the base catalog does not have";
}

/** The ids of a base catalog, which an extension must not use. */
export type NewIds<Base extends Catalog, Added extends Catalog> = string extends keyof Base | keyof Added
  ? unknown
  : { readonly [Id in keyof Base & keyof Added]: AlreadyInCatalog };

/**
 * Adds meters to a base catalog. An id of the base cannot be used again, not even for an identical meter: one id with two
 * meanings would be billed twice.
 *
 * @returns a frozen copy; `base` does not change
 * @throws MeterError `invalid_catalog`; its `issues` name each path
 *
 * @example
 * ```ts
 * const catalog = extendCatalog(litewaveCatalog, { "document.basic.page": { type: "volume", unit: "page" } });
 * ```
 */
export const extendCatalog = <const Base extends Catalog, const Added extends Catalog>(
  base: Base,
  added: Added & NewIds<Base, Added>,
): Base & Added => {
  const meters: Base & Added = { ...defineCatalog(base), ...defineCatalog(added) };
  const issues = Object.keys(added)
    .filter((id) => Object.hasOwn(base, id))
    .map((id) => ({
      field: `[${JSON.stringify(id)}]`,
      given: "one that it has",
      expected: "an id that the base catalog does not have",
    }));
  if (issues.length > 0) throw MeterError.fromIssues("invalid_catalog", issues);
  return freezeCatalog(meters);
};
