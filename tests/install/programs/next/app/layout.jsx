import { MeterProvider } from "@meter-lib/react";

/** A server component that names the provider: it builds because the package begins with "use client". */
export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>
        <MeterProvider>{children}</MeterProvider>
      </body>
    </html>
  );
}
