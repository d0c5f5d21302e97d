import type { LoggedRequest } from "../../src/store/log-query.ts";
import { numberText } from "./number-text.ts";
import { recordOf } from "./record-of.ts";
import { useAnswer } from "./use-answer.ts";

/** The request that brought an event, word for word; of a batch, the event's own record first. */
export const AsReceived = ({
  request,
  position,
}: {
  readonly request: number;
  readonly position: number;
}) => {
  const { data } = useAnswer<LoggedRequest>(`sandbox/v1/requests/${request}`);
  if (data === undefined) return null;
  const record = recordOf(data.body, position);
  const body = <pre tabIndex={0}>{data.body ?? "No body was kept."}</pre>;
  return (
    <section class="card">
      <h2>As received</h2>
      <p class="id">
        {data.method} {data.path}
      </p>
      <h3>Headers</h3>
      <pre tabIndex={0}>{JSON.stringify(data.headers, null, 2)}</pre>
      {record === undefined ? (
        <>
          <h3>Body</h3>
          {body}
        </>
      ) : (
        <>
          <h3>
            Record {numberText(position + 1)} of {numberText(record.of)}
          </h3>
          <pre tabIndex={0}>{JSON.stringify(record.value, null, 2)}</pre>
          <details>
            <summary>The whole body</summary>
            {body}
          </details>
        </>
      )}
    </section>
  );
};
