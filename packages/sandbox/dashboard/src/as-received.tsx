import type { LoggedRequest } from "../../src/store/log-query.ts";
import { requestShape } from "./answer-shapes.ts";
import { numberText } from "./number-text.ts";
import { recordOf } from "./record-of.ts";
import { Shown } from "./shown.tsx";
import { useAnswer } from "./use-answer.ts";

const Body = ({ request, position }: { readonly request: LoggedRequest; readonly position: number }) => {
  const record = recordOf(request.body, position);
  const body = <pre tabIndex={0}>{request.body ?? "No body was kept."}</pre>;
  if (record === undefined) {
    return (
      <>
        <h3>Body</h3>
        {body}
      </>
    );
  }
  return (
    <>
      <h3>
        Record {numberText(position + 1)} of {numberText(record.of)}
      </h3>
      <pre tabIndex={0}>{record.text}</pre>
      <details>
        <summary>Full body</summary>
        {body}
      </details>
    </>
  );
};

/** The request that brought an event, as received; for a batch, the event's own record first. */
export const AsReceived = ({
  request,
  position,
}: {
  readonly request: number;
  readonly position: number;
}) => {
  const answered = useAnswer(`sandbox/v1/requests/${request}`, requestShape);
  return (
    <section class="card">
      <h2>As received</h2>
      <Shown of={answered} lines={6}>
        {(data) => (
          <>
            <p class="id">
              {data.method} {data.path}
            </p>
            <h3>Headers</h3>
            <pre tabIndex={0}>{JSON.stringify(data.headers, null, 2)}</pre>
            <Body request={data} position={position} />
          </>
        )}
      </Shown>
    </section>
  );
};
