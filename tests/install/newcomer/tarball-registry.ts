import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createPackageFromTarballData } from "@arethetypeswrong/core";

export interface TarballRegistry extends AsyncDisposable {
  readonly url: string;
}

/** A registry for npm that has these packages, and sends on to another one for the rest. */
export const tarballRegistry = async (
  tarballs: ReadonlyMap<string, string>,
  upstream: string,
): Promise<TarballRegistry> => {
  const server = createServer(({ url = "/" }, response) => {
    const path = decodeURIComponent(url);
    const [name, tarball] =
      [...tarballs].find(([name]) => path === `/${name}` || path === `/${name}/-/it.tgz`) ?? [];
    if (name === undefined || tarball === undefined) {
      response.writeHead(302, { location: new URL(url.slice(1), upstream).href }).end();
      return;
    }
    const bytes = readFileSync(tarball);
    if (path.endsWith(".tgz")) {
      response.writeHead(200, { "content-type": "application/octet-stream" }).end(bytes);
      return;
    }
    const manifest = JSON.parse(
      createPackageFromTarballData(new Uint8Array(bytes)).readFile(`/node_modules/${name}/package.json`),
    );
    const integrity = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
    const dist = { tarball: `${address()}/${name}/-/it.tgz`, integrity };
    response.writeHead(200, { "content-type": "application/json" }).end(
      JSON.stringify({
        name,
        "dist-tags": { latest: manifest.version },
        versions: { [manifest.version]: { ...manifest, dist } },
      }),
    );
  });
  const address = (): string => {
    const bound = server.address();
    if (bound === null || typeof bound === "string") throw new Error("the registry has no port");
    return `http://127.0.0.1:${bound.port}`;
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: address(),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
