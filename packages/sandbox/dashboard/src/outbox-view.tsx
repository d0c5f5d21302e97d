import type { Account } from "@meter-lib/core";
import { outboxesShape } from "./answer-shapes.ts";
import { DeadLetters } from "./dead-letters.tsx";
import { numberText } from "./number-text.ts";
import { usePlace } from "./place.ts";
import { Reconcile } from "./reconcile.tsx";
import { Shown } from "./shown.tsx";
import { useAnswer } from "./use-answer.ts";
import { WaitingEvents } from "./waiting-events.tsx";

const ACCOUNTS = [
  "recorded",
  "acknowledged",
  "pending",
  "rejected",
  "quarantined",
  "discarded",
  "lost",
] as const satisfies readonly (keyof Account)[];

const NoOutbox = () => {
  const { linkTo } = usePlace();
  return (
    <section class="card">
      <h2>No outbox connected</h2>
      <p>
        An app with an outbox keeps its events until they are counted, and permanently rejected ones as dead
        letters. Start the sandbox with the outbox file to see them here, to redrive or discard them, and to
        reconcile both sides:
      </p>
      <pre class="code" tabIndex={0}>
        meter sandbox --outbox outbox.db
      </pre>
      <p class="quiet">
        For an outbox in PostgreSQL, name its URL. The outbox of a web page stays in its browser: ask that
        client with <code>list()</code>.
      </p>
      <p class="quiet">
        For requests that were refused here, see <a href={linkTo(["delivery"])}>Delivery</a>.
      </p>
    </section>
  );
};

/** What the apps' own outboxes hold, beside what arrived here. */
export const OutboxView = () => {
  const answered = useAnswer("sandbox/v1/outboxes", outboxesShape);
  return (
    <>
      <h1>Outbox</h1>
      <Shown of={answered} lines={8}>
        {({ outboxes }) =>
          outboxes.length === 0 ? (
            <NoOutbox />
          ) : (
            outboxes.map(({ name, accounts, problem }, number) => (
              <section key={name} aria-label={name}>
                <section class="card">
                  <h2 class="id">{name}</h2>
                  {problem !== undefined && <p class="bad-text">{problem}</p>}
                  {accounts !== undefined && (
                    <dl class="tiles">
                      {ACCOUNTS.map((field) => (
                        <div key={field} class="tile">
                          <dt>{field}</dt>
                          <dd>
                            <strong>{numberText(accounts[field])}</strong>
                          </dd>
                        </div>
                      ))}
                    </dl>
                  )}
                </section>
                {accounts !== undefined && (
                  <>
                    <WaitingEvents outbox={number} />
                    <DeadLetters outbox={number} />
                    <Reconcile outbox={number} />
                  </>
                )}
              </section>
            ))
          )
        }
      </Shown>
    </>
  );
};
