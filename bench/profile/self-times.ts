/** Time that a thread spent in one function itself, not in what it called. */
export interface SelfTime {
  readonly name: string;
  /** URL of the script; empty for what V8 does by itself. */
  readonly url: string;
  readonly line: number;
  readonly micros: number;
}

/** V8's own names for a thread that waits. */
const WAITING = new Set(["(idle)", "(program)", "(root)"]);

/** Reads a profile as `node --cpu-prof` writes it (https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile). */
export const selfTimes = (profile: unknown): readonly SelfTime[] => {
  const nodes = new Map(
    listIn(profile, "nodes").map((node) => {
      const frame = valueIn(node, "callFrame");
      return [
        Number(valueIn(node, "id")),
        {
          name: String(valueIn(frame, "functionName")),
          url: String(valueIn(frame, "url")),
          line: Number(valueIn(frame, "lineNumber")) + 1,
        },
      ];
    }),
  );
  const micros = new Map<string, SelfTime>();
  const deltas = listIn(profile, "timeDeltas");
  for (const [at, id] of listIn(profile, "samples").entries()) {
    const frame = nodes.get(Number(id));
    if (frame === undefined || WAITING.has(frame.name)) continue;
    const key = `${frame.name} ${frame.url} ${frame.line}`;
    micros.set(key, { ...frame, micros: (micros.get(key)?.micros ?? 0) + Number(deltas[at] ?? 0) });
  }
  return [...micros.values()].sort((a, b) => b.micros - a.micros);
};

const valueIn = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;

const listIn = (value: unknown, name: string): readonly unknown[] => {
  const list = valueIn(value, name);
  if (!Array.isArray(list)) throw new Error(`expected a profile of V8 with "${name}"`);
  return list;
};
