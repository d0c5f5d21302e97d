import { usePlace } from "./place.ts";

/** What stands where an address leads nowhere. */
export const NotFound = ({ what = "This page does not exist." }: { readonly what?: string }) => {
  const { linkTo } = usePlace();
  return (
    <>
      <h1>Not found</h1>
      <p class="verdict">{what}</p>
      <p>
        <a href={linkTo(["usage"])}>Usage</a> · <a href={linkTo(["events"])}>Events</a> ·{" "}
        <a href={linkTo(["customers"])}>Customers</a>
      </p>
    </>
  );
};
