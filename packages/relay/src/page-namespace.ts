import type { Promisable } from "@meter-lib/core/transport";
import { MAX_PAGE_ID_LENGTH } from "@meter-lib/core/wire";

/**
 * What stands before every id of a tenant's pages when it is handed on: `page~7Kq2ZxVw:tenant:`. Whatever a page posts, it is no id
 * of a server, nor of another tenant's page.
 */
export type PageNamespace = string;

// The letters behind the tilde are random: nobody hits upon them by chance.
const PREFIX = "page~7Kq2ZxVw:";
const MAX_ID_LENGTH = 255;
const MAX_TENANT_LENGTH = MAX_ID_LENGTH - MAX_PAGE_ID_LENGTH - PREFIX.length - ":".length;
const DIGEST_BYTES = 16;

/** The namespace of a tenant's pages: with the tenant percent-encoded, or where that is long, a plus and its SHA-256, cut to 128 bits. */
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
