/** `hemgang events asyncapi`: what subscribers outside the gateway can expect, as a document. */
import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { asyncApi, asyncApiYaml } from '../runtime/bus/events/asyncapi.ts';
import { helpTexts } from './help.ts';
import { wrong } from './question.ts';

export interface EventsAsyncApiOptions {
  readonly out?: string;
  readonly json: boolean;
}

export function addEvents(program: Command): void {
  program
    .command('events')
    .description('events for subscribers outside the gateway')
    .command('asyncapi')
    .description('print the AsyncAPI document of the exchange for subscribers')
    .option('--out <file>', 'write it there instead')
    .option('--json', 'as JSON instead of YAML', false)
    .addHelpText('after', helpTexts.eventsAsyncApi)
    .action(eventsAsyncApi);
}

/** @throws GatewayError configuration-invalid where the file cannot be written */
export function eventsAsyncApi({ out, json }: EventsAsyncApiOptions): void {
  const text = json ? `${JSON.stringify(asyncApi(), null, 2)}\n` : asyncApiYaml();
  if (out === undefined) {
    process.stdout.write(text);
    return;
  }
  try {
    writeFileSync(out, text);
  } catch {
    throw wrong(`--out ${out}: cannot be written\n  next: name a file in a folder that exists`);
  }
}
