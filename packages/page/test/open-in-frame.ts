type Modules = typeof import("./in-frame.ts");

/** The package as a page of its own has it: it dies when the frame is removed. */
export const openInFrame = async (): Promise<Modules & { readonly frame: HTMLIFrameElement }> => {
  const frame = document.createElement("iframe");
  document.body.append(frame);
  const { promise, resolve, reject } = Promise.withResolvers<Modules>();
  Reflect.set(frame.contentWindow ?? {}, "loaded", resolve);
  const script = frame.contentDocument?.createElement("script");
  if (script === undefined) throw new Error("a frame without a document");
  script.type = "module";
  const url = new URL("./in-frame.ts", import.meta.url);
  script.textContent = `import * as page from ${JSON.stringify(url.href)}; loaded(page);`;
  script.addEventListener("error", reject);
  frame.contentDocument?.body.append(script);
  return { frame, ...(await promise) };
};
