// Edge runtimes with a global fetch event.
import { check } from "./portable.js";

addEventListener("fetch", (event) =>
  event.respondWith(
    check().then(
      (text) => new Response(text),
      (error) => new Response(String(error?.stack ?? error)),
    ),
  ),
);
