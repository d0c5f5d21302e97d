import { EdgeRuntime } from "edge-runtime";
import { build } from "esbuild";

const { outputFiles } = await build({
  entryPoints: ["edge.js"],
  bundle: true,
  format: "iife",
  write: false,
  conditions: ["edge-light", "worker", "browser"],
});
const runtime = new EdgeRuntime({ initialCode: outputFiles[0].text });
const answer = await runtime.dispatchFetch("http://localhost/");
console.log(await answer.text());
