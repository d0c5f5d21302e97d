import type { ListedOutbox } from "../../src/http/outbox-routes.ts";
import { DeadLetters } from "./dead-letters.tsx";
import { numberText } from "./number-text.ts";
import { Reconcile } from "./reconcile.tsx";
import type { Zone } from "./time-text.ts";
import { useAnswer } from "./use-answer.ts";

const ACCOUNTS = [
  "recorded",
  "acknowledged",
  "pending",
  "rejected",
  "quarantined",
  "discarded",
  "lost",
] as const;

/** What the apps' own outboxes hold, beside what arrived here. */
export const OutboxView = ({ zone }: { readonly zone: Zone }) => {
  const { data } = useAnswer<{ outboxes: readonly ListedOutbox[] }>("sandbox/v1/outboxes");
  if (data === undefined) return <h1>Outbox</h1>;
  return (
    <>
      <h1>Outbox</h1>
      {data.outboxes.length === 0 && (
        <section class="card">
          <h2>No outbox is shown yet</h2>
          <p>
            An app with an outbox keeps its events until they are counted, and those that were refused for
            good as dead letters. Start the sandbox with that file to see them here, to send them again or
            give them up, and to compare both sides:
          </p>
          <pre class="code" tabIndex={0}>
            meter sandbox --outbox outbox.db
          </pre>
          <p class="quiet">
            What arrived here and was refused is under <a href="#/delivery">Delivery</a>.
          </p>
        </section>
      )}
      {data.outboxes.map(({ name, accounts, problem }, number) => (
        <section key={name} aria-label={name}>
          <section class="card">
            <h2 class="id">{name}</h2>
            {problem !== undefined && <p class="bad-text">{problem}</p>}
            {accounts !== undefined && (
              <dl class="figures">
                {ACCOUNTS.map((field) => (
                  <div key={field}>
                    <dt>{field}</dt>
                    <dd>{numberText(accounts[field])}</dd>
                  </div>
                ))}
              </dl>
            )}
          </section>
          {accounts !== undefined && (
            <>
              <DeadLetters outbox={number} zone={zone} />
              <Reconcile outbox={number} zone={zone} />
            </>
          )}
        </section>
      ))}
    </>
  );
};
