/**
 * The AsyncAPI document of the exchange for subscribers, made of the schemas of the events. It is checked in beside this
 * folder: `hemgang events asyncapi --out gateway/runtime/bus/events.asyncapi.yaml` makes it anew.
 */
import { Document, visit } from 'yaml';
import { z } from 'zod';
import { cloudEventType, type EventType } from '../../../process/events.ts';
import { eventExamples } from './examples.ts';
import { envelope, ownData, place, toldTypes } from './told.ts';

const description = [
  'Every event of the gateway, in the order of its journal, each at least once.',
  'A subscriber binds a queue of its own to the exchange. What comes again has the same id. sequence rises with every event; what has the same partitionkey is to be handled in order, which a queue with one consumer does.',
  'The data is what a subscriber needs to know that something happened, where and when; it names no person. It is personal data all the same: in a small municipality a case can be known by its times. Who may bind which keys is decided by topic permissions, a subscriber at a time. Notices themselves are not here: they go to their receivers.',
  'New fields may come within v1. What goes, or changes its meaning, takes a new version of the type.',
].join('\n\n');

/** The document as data. */
export function asyncApi() {
  const examples = new Map(eventExamples().map((example) => [example.type, example]));
  return {
    asyncapi: '3.1.0',
    info: {
      title: 'Hemgång: events for subscribers',
      version: '1.0.0',
      description,
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/cloudevents+json',
    servers: {
      broker: {
        host: 'broker.region.example:5671',
        protocol: 'amqps',
        protocolVersion: '0.9.1',
        description: 'The RabbitMQ that the gateway publishes to',
      },
    },
    channels: {
      events: {
        address: '{type}.{county}.{municipality}',
        title: 'Events',
        description:
          'The routing key. Bind #.1480 for a municipality, #.14.* for a region, notice.# for all notices; the type has a dot in it.',
        parameters: {
          type: {
            description:
              'Type of the event, as in the CloudEvents type without se.hemgang and version',
            examples: ['notice.issued'],
          },
          county: {
            description: 'SCB code of the region; 00 where it is not known',
            examples: ['14'],
          },
          municipality: {
            description: 'SCB code; 0000 where it is not known, and for a protected person',
            examples: ['1480', '0000'],
          },
        },
        messages: Object.fromEntries(
          toldTypes.map((type) => [nameOf(type), reference('messages', nameOf(type))]),
        ),
        bindings: {
          amqp: {
            is: 'routingKey',
            exchange: { name: 'hemgang.events', type: 'topic', durable: true, autoDelete: false },
            bindingVersion: '0.3.0',
          },
        },
      },
    },
    operations: {
      publishEvents: {
        action: 'send',
        channel: { $ref: '#/channels/events' },
        summary: 'The gateway publishes every event',
        bindings: { amqp: { deliveryMode: 2, mandatory: false, bindingVersion: '0.3.0' } },
      },
    },
    components: {
      messages: Object.fromEntries(
        toldTypes.map((type) => [nameOf(type), messageOf(type, examples.get(type)?.event)]),
      ),
      schemas: { envelope: schemaOf(envelope), place: schemaOf(place) },
    },
  };
}

/** The document as it is checked in. */
export function asyncApiYaml(): string {
  const document = new Document(asyncApi(), { aliasDuplicateObjects: false });
  visit(document, {
    // What begins with a digit is a text to every reader of YAML, old ones too.
    Scalar(_key, node) {
      if (typeof node.value === 'string' && /^\d/.test(node.value)) node.type = 'QUOTE_SINGLE';
    },
    // An example, or a list of words, is read at a glance.
    Pair(_key, { key, value }) {
      const name = typeof key === 'object' && key !== null && 'value' in key ? key.value : key;
      const isShort = name === 'required' || name === 'enum' || name === 'examples';
      if (isShort && typeof value === 'object' && value !== null)
        Object.assign(value, { flow: true });
    },
  });
  return document.toString({ lineWidth: 120, singleQuote: true });
}

function messageOf(type: EventType, example: unknown) {
  return {
    name: cloudEventType(type),
    contentType: 'application/cloudevents+json',
    payload: {
      allOf: [
        reference('schemas', 'envelope'),
        {
          type: 'object',
          required: ['type', 'data'],
          properties: {
            type: { const: cloudEventType(type) },
            data: { allOf: [reference('schemas', 'place'), schemaOf(ownData(type))] },
          },
        },
      ],
    },
    bindings: { amqp: { messageType: cloudEventType(type), bindingVersion: '0.3.0' } },
    examples: [{ payload: example }],
  };
}

/** Keys of components have no dots. */
function nameOf(type: EventType): string {
  return type.replaceAll('.', '_');
}

function reference(kind: 'messages' | 'schemas', name: string): { readonly $ref: string } {
  return { $ref: `#/components/${kind}/${name}` };
}

function schemaOf(schema: z.ZodType): Record<string, unknown> {
  // What is read, not what is written: a field that is not known yet is no error.
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-7', io: 'input' });
  return rest;
}
