/** The name of the catalog that comes with meter-lib, wherever a catalog's file may stand. */
export const BUILT_IN = "litewave";
