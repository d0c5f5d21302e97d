"use client";
import { MeterProvider } from "@meter-lib/react";
import { createBrowserMeter } from "meter-lib/browser";
import { useEffect, useState } from "react";

export default function Page() {
  const [meter, setMeter] = useState();
  useEffect(() => {
    const made = createBrowserMeter({ relayUrl: "/meter", tenant_id: "tenant_123" });
    setMeter(made);
    return () => void made.close();
  }, []);
  if (meter === undefined) return <p>starting</p>;
  return (
    <MeterProvider client={meter}>
      <button
        type="button"
        onClick={() => meter.record({ meter_id: "page.processed.basic", total_usage: 3 })}
      >
        Process
      </button>
    </MeterProvider>
  );
}
