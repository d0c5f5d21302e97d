/** Asks the sandbox for JSON, by a path relative to the page, whose shape is the one of its route. Throws with the sandbox's words where it refuses. */
export const ask = async <Answer>(path: string, init?: RequestInit): Promise<Answer> => {
  const response = await fetch(path, init);
  if (response.ok) return response.json();
  const body: unknown = await response.json().catch(() => undefined);
  const said = typeof body === "object" && body !== null && "message" in body ? body.message : undefined;
  throw new Error(typeof said === "string" ? said : `${response.status} ${response.statusText}`);
};

/** Sends JSON with POST. */
export const post = <Answer>(path: string, body: unknown): Promise<Answer> =>
  ask(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

/** Sends JSON with PUT. */
export const put = <Answer>(path: string, body: unknown): Promise<Answer> =>
  ask(path, { method: "PUT", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

/** A path with a query, without the fields that are empty. */
export const withQuery = (
  path: string,
  query: Readonly<Record<string, string | number | undefined>>,
): string => {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== "") parameters.set(name, String(value));
  const text = parameters.toString();
  return text === "" ? path : `${path}?${text}`;
};

/** Deletes what is at a path. */
export const remove = async (path: string): Promise<void> => {
  const response = await fetch(path, { method: "DELETE" });
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
};
