import { MeterProvider } from "@meter-lib/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { meter } from "./meter.ts";

const root = document.querySelector("#root");
if (root === null) throw new Error("the page has no #root");
createRoot(root).render(
  <StrictMode>
    <MeterProvider client={meter}>
      <App />
    </MeterProvider>
  </StrictMode>,
);
