/** Who gets the billing of six municipalities: an access point of Peppol, care administrations, a finance platform. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buyerOf, seller } from './billed-months.ts';

export interface ReceivedDocument {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** What it was answered. */
  readonly status: number;
}

export class BillingSystems {
  readonly folder: string;
  readonly url: string;
  /** Every call, in order, whatever it was answered. */
  readonly received: readonly ReceivedDocument[];
  readonly close: () => Promise<void>;
  /** Of the next calls; 202 after them. */
  #answers: number[] = [];

  private constructor(
    folder: string,
    url: string,
    received: readonly ReceivedDocument[],
    close: () => Promise<void>,
  ) {
    this.folder = folder;
    this.url = url;
    this.received = received;
    this.close = close;
  }

  setAnswers(...statuses: readonly number[]): void {
    this.#answers = [...statuses];
  }

  static async start(folder: string): Promise<BillingSystems> {
    const received: ReceivedDocument[] = [];
    const server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const { url: path = '', headers } = request;
        const status = systems.#answers.shift() ?? 202;
        received.push({ path, headers, status, body: Buffer.concat(parts).toString('utf8') });
        response.writeHead(status).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP server
    const { port } = server.address() as AddressInfo;
    const close = async (): Promise<void> => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    };
    const systems = new BillingSystems(folder, `http://127.0.0.1:${port}`, received, close);
    return systems;
  }
}

/**
 * The settings that billing needs: who demands, who pays, who gets what, and when an invoice is due.
 * @param care who gets the specification by another way than a POST
 */
export function billingOf(
  { folder, url }: BillingSystems,
  municipalities: readonly string[],
  care: readonly object[],
): object {
  const http = { channel: 'http', ownNetwork: true };
  const [first = ''] = municipalities;
  return {
    profiles: [dueDaysIn(join(folder, 'profiles'))],
    billing: {
      municipalities: [],
      invoiceDay: 20,
      sellers: [{ ...seller, county: '14', name: 'Region Väst' }],
      buyers: municipalities.map(buyerOf),
      receivers: [
        { id: 'access-point', takes: 'invoice', url: `${url}/invoices`, ...http },
        ...care.map((one) => ({ ...one, takes: 'specification' })),
        {
          id: 'care-administration',
          takes: 'specification',
          url: `${url}/specifications`,
          ...http,
        },
        {
          id: 'finance-platform',
          takes: 'record',
          municipality: first,
          url: `${url}/platform`,
          ...http,
          category: 'PAYMENT_LIABILITY',
          customerId: '16',
          statuses: ['NEW', 'APPROVED', 'INVOICED', 'REJECTED'],
        },
      ],
    },
  };
}

/** Under the agreement and under the statute: neither states it. */
function dueDaysIn(folder: string): string {
  const region = join(folder, 'regions', 'vastra-gotaland');
  const law = join(folder, 'law');
  for (const one of [region, law]) mkdirSync(one, { recursive: true });
  const values = '{ value: 30, reference: Brev 1 }';
  writeFileSync(
    join(region, 'agreement.yaml'),
    `documents: [{ cite: Brev 1, title: Brev 1, seen: true }]
parameters: { settlement.dueDays: { values: { 2018-09-25: ${values} } } }
`,
  );
  writeFileSync(
    join(law, 'settlement.yaml'),
    `parameters: { dueDays: { values: { 2018-01-01: ${values} } } }
`,
  );
  return folder;
}
