import type { Promisable } from "@meter-lib/core/transport";
import { MAX_PAGE_ID_LENGTH } from "@meter-lib/core/wire";

/**
 * Prefix of every event id from a tenant's pages when it is handed on: `page~7Kq2ZxVw:tenant:`. A page can therefore not use an id of a
 * server or of another tenant's page.
 */
export type PageNamespace = string;

// The random letters after the tilde keep other ids from starting with the prefix by chance.
const PREFIX = "page~7Kq2ZxVw:";
const MAX_ID_LENGTH = 255;
const MAX_TENANT_LENGTH = MAX_ID_LENGTH - MAX_PAGE_ID_LENGTH - PREFIX.length - ":".length;
const DIGEST_BYTES = 16;

/** Returns the namespace of a tenant's pages: the tenant percent-encoded or, if that is too long, "+" and 128 bits of its SHA-256. */
export const pageNamespace = (tenant_id: string): Promisable<PageNamespace> => {
  const tenant = encodeURIComponent(tenant_id.toWellFormed());
  return tenant.length <= MAX_TENANT_LENGTH ? `${PREFIX}${tenant}:` : digested(tenant);
};

const digested = async (tenant: string): Promise<PageNamespace> => {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(tenant));
  const text = btoa(String.fromCharCode(...new Uint8Array(digest, 0, DIGEST_BYTES)));
  // No percent-encoded text has a plus, so the two kinds never meet.
  return `${PREFIX}+${text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}:`;
};
