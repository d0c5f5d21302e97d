import { Command } from "commander";
import type { Invoke } from "../invoke.ts";
import { catalogCheckCommand } from "./catalog-check.ts";
import { catalogDiffCommand } from "./catalog-diff.ts";
import { catalogGenerateCommand } from "./catalog-generate.ts";
import { catalogListCommand } from "./catalog-list.ts";

export const catalogCommand = (invoke: Invoke): Command =>
  new Command("catalog")
    .description("look at, check, compare and convert catalogs of meters")
    .addCommand(catalogListCommand(invoke))
    .addCommand(catalogCheckCommand(invoke))
    .addCommand(catalogDiffCommand(invoke))
    .addCommand(catalogGenerateCommand(invoke));
