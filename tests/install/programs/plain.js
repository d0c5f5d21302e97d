// Node, Bun, Deno.
import { check } from "./portable.js";

console.log(await check());
