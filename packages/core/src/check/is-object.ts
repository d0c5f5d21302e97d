export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Whether a value is a plain object, from this or another realm. Other objects may hold data that their own fields do not show. */
export const isPlainObject = (value: unknown): value is Record<string, unknown> => {
  const prototype: object | null = Object.getPrototypeOf(value ?? "");
  return (
    typeof value === "object" &&
    (prototype === null || (Object.getPrototypeOf(prototype) === null && "isPrototypeOf" in prototype))
  );
};
