/** The name of the built-in catalog, accepted wherever a command takes a catalog file. */
export const BUILT_IN = "litewave";
