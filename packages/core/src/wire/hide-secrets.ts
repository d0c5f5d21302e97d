const SECRET_NAME = /auth|key|token|secret|cookie|password|signature/i;
const SHORTEST_SECRET = 6;

/**
 * Removes the secrets of request headers from a text, in case a receiver repeats what it was sent: the whole value, the value without its
 * scheme (`Bearer`), and its URL-encoded form.
 */
export const hideSecrets = (headers: Readonly<Record<string, string>>): ((text: string) => string) => {
  const secrets = Object.entries(headers)
    .filter(([name]) => SECRET_NAME.test(name))
    .flatMap(([, value]) => [value, value.slice(value.lastIndexOf(" ") + 1)])
    .filter((value) => value.length >= SHORTEST_SECRET);
  const spellings = new Set(secrets.flatMap((secret) => [secret, encodeURIComponent(secret)]));
  return (text) => {
    let hidden = text;
    for (const spelling of spellings) hidden = hidden.replaceAll(spelling, "[hidden]");
    return hidden;
  };
};
