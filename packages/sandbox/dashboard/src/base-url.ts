/** Where clients find this backend: the page's own address, which may carry a token in its path. */
export const baseUrl = (): string => new URL(".", location.href).href.replace(/\/$/, "");
