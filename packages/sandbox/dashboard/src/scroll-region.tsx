import type { ComponentChildren } from "preact";

/** What may be wider than the screen. It takes the focus, so that it scrolls by keyboard. */
export const ScrollRegion = ({
  label,
  children,
}: {
  readonly label: string;
  readonly children: ComponentChildren;
}) => (
  <section class="scroll" tabIndex={0} aria-label={label}>
    {children}
  </section>
);
