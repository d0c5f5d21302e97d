type Json = Readonly<Record<string, unknown>>;

/** A task of the job, as Flink reports it. */
export interface TaskReading {
  readonly name: string;
  /** Size in the newest checkpoint, in bytes. */
  readonly stateBytes: number;
}

/**
 * The tasks of the only job behind Flink's REST API, with the state that each has in the newest checkpoint:
 * https://nightlies.apache.org/flink/flink-docs-release-2.2/docs/ops/rest_api/
 */
export const flinkTasks = async (restUrl: string): Promise<readonly TaskReading[]> => {
  const get = async (path: string): Promise<Json> =>
    fieldsIn(await (await fetch(`${restUrl}${path}`)).json());
  const [overview] = listIn(await get("/jobs/overview"), "jobs");
  const job = `/jobs/${overview?.jid}`;
  const { latest } = await get(`${job}/checkpoints`);
  const checkpoint = fieldsIn(fieldsIn(latest).completed).id;
  const details = fieldsIn((await get(`${job}/checkpoints/details/${checkpoint}`)).tasks);
  return listIn(await get(job), "vertices").map(({ id, name }) => ({
    name: String(name),
    stateBytes: Number(fieldsIn(details[String(id)]).state_size ?? 0),
  }));
};

const isFields = (value: unknown): value is Json => typeof value === "object" && value !== null;
const fieldsIn = (value: unknown): Json => (isFields(value) ? value : {});
const listIn = (value: Json, key: string): readonly Json[] => {
  const list = value[key];
  return Array.isArray(list) ? list.filter(isFields) : [];
};
