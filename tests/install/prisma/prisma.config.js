import { defineConfig } from "prisma/config";

// `prisma generate` does not run the schema engine, but would download it.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath;

export default defineConfig({ schema: "schema.prisma" });
