const encoder = new TextEncoder();

/** Whether a signature is the HMAC-SHA256 of a text. Takes constant time. */
export const isHmac = async (
  secret: string,
  text: string,
  signature: Uint8Array<ArrayBuffer>,
): Promise<boolean> => {
  const key = await crypto.subtle.importKey(
    "raw",
    encoder.encode(secret),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["verify"],
  );
  return crypto.subtle.verify("HMAC", key, signature, encoder.encode(text));
};

/** Bytes of text in hex or base64 (also base64url); empty for anything else. */
export const bytesOf = (text: string, form: "hex" | "base64"): Uint8Array<ArrayBuffer> => {
  if (form === "hex") {
    if (!/^(?:[0-9a-f]{2})+$/i.test(text)) return new Uint8Array();
    return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  }
  try {
    const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
};
