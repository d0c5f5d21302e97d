import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  // Wherever it is served: with a token, the paths begin with it.
  base: "./",
  build: { target: "es2023", emptyOutDir: true },
  // For `vite dev` beside a running sandbox.
  server: { proxy: { "/sandbox": "http://127.0.0.1:8099", "/api": "http://127.0.0.1:8099" } },
});
