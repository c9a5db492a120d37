/** The two forms of the whole gateway: embedded, and with PostgreSQL and RabbitMQ, where they run. */
import type { Config } from '../../gateway/runtime/config.ts';
import { brokerSettings } from './broker.ts';
import { postgresSettings } from './journal-forms.ts';
import { has, ownPrefix, ownSchema } from './servers.ts';

export interface Form {
  readonly name: 'embedded' | 'full';
  /** A journal and a bus that nobody else has; `drop` removes what they left on the servers. */
  place(): Pick<Config, 'journal' | 'bus'> & { drop(): Promise<void> };
}

const embedded: Form = {
  name: 'embedded',
  place: () => ({
    journal: { form: 'embedded' },
    bus: { form: 'embedded' },
    drop: () => Promise.resolve(),
  }),
};

const full: Form = {
  name: 'full',
  place() {
    const { url, schema, drop: dropSchema } = ownSchema();
    const { prefix, drop: dropTopology } = ownPrefix();
    return {
      journal: postgresSettings(url, schema),
      bus: brokerSettings(prefix),
      async drop() {
        await dropTopology();
        await dropSchema();
      },
    };
  },
};

/** @param what is tested in the full form, for the report where it is skipped */
export async function formsFor(what: string): Promise<readonly Form[]> {
  return (await has(what, 'PostgreSQL that runs', 'RabbitMQ that runs'))
    ? [embedded, full]
    : [embedded];
}
