// Prints the events of one municipality, or of whatever the key says:
//   node example-subscriber.mjs amqps://kommun1480:secret@broker.region.example hemgang.events kommun1480.events '#.1480'
import { connect } from 'amqplib';

const [url, exchange, queue, key] = process.argv.slice(2);
const channel = await (await connect(url)).createChannel();
// Durable: what happens while nobody listens waits. A quorum queue stands on several machines of a cluster.
await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
await channel.bindQueue(queue, exchange, key);
await channel.prefetch(20);
await channel.consume(queue, (message) => {
  const { id, type, subject, data } = JSON.parse(message.content.toString());
  console.log(JSON.stringify({ key: message.fields.routingKey, id, type, subject, data }));
  channel.ack(message); // only when it is done: until then it comes again, with the same id
});
